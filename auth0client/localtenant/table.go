package localtenant

import (
	"cmp"
	"iter"
	"slices"
)

// table holds the records of one kind by key, in the order of their making. Every change goes through set and drop, which
// tell the tenant: that is how a state file learns of it. Records under a pointer are read under the tenant's lock; one that
// an answer or the search index may still hold is copied to be changed.
type table[T any] struct {
	kind string
	rows map[string]entry[T]
	keys []place
	next uint64
	// edits counts changes, so that what was derived from the table can tell whether it still holds.
	edits uint64
	note  func(kind, key string) // nil: nobody wants to know
}

type entry[T any] struct {
	row T
	n   uint64
}

type place struct {
	key string
	n   uint64
}

func newTable[T any](kind string) *table[T] {
	return &table[T]{kind: kind, rows: map[string]entry[T]{}}
}

// at is the record of a key, the zero value when there is none.
func (t *table[T]) at(key string) T { return t.rows[key].row }

func (t *table[T]) has(key string) bool { _, ok := t.rows[key]; return ok }

func (t *table[T]) len() int { return len(t.rows) }

// set stores a record, new or changed.
func (t *table[T]) set(key string, row T) {
	e, known := t.rows[key]
	if !known {
		t.next++
		e.n = t.next
		t.keys = append(t.keys, place{key, e.n})
	}
	e.row = row
	t.rows[key] = e
	t.changed(key)
}

// drop removes a record; a key that is not there is fine.
func (t *table[T]) drop(key string) {
	e, known := t.rows[key]
	if !known {
		return
	}
	delete(t.rows, key)
	if i, found := slices.BinarySearchFunc(t.keys, e.n, func(p place, n uint64) int { return cmp.Compare(p.n, n) }); found {
		t.keys = slices.Delete(t.keys, i, i+1)
	}
	t.changed(key)
}

// dropAll removes many records in one pass over the table.
func (t *table[T]) dropAll(keys []string) {
	if t == nil {
		return
	}
	if len(keys) == 1 {
		t.drop(keys[0])
		return
	}
	gone := 0
	for _, key := range keys {
		if _, known := t.rows[key]; known {
			delete(t.rows, key)
			gone++
			t.changed(key)
		}
	}
	if gone > 0 {
		t.keys = slices.DeleteFunc(t.keys, func(p place) bool { return t.rows[p.key].n != p.n })
	}
}

func (t *table[T]) changed(key string) {
	t.edits++
	if t.note != nil {
		t.note(t.kind, key)
	}
}

// all goes through the records in the order of their making. The table must not change meanwhile.
func (t *table[T]) all() iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for _, p := range t.keys {
			if !yield(p.key, t.rows[p.key].row) {
				return
			}
		}
	}
}

// list is all records in the order of their making.
func (t *table[T]) list() []T {
	out := make([]T, 0, len(t.keys))
	for _, row := range t.all() {
		out = append(out, row)
	}
	return out
}

// find is the first record that fits, the zero value when none does.
func (t *table[T]) find(fits func(T) bool) T {
	for _, row := range t.all() {
		if fits(row) {
			return row
		}
	}
	var none T
	return none
}

// copied is the records as they are now, by key.
func (t *table[T]) copied() map[string]T {
	out := make(map[string]T, len(t.rows))
	for key, e := range t.rows {
		out[key] = e.row
	}
	return out
}

// names is all keys in the order of their making; a nil table has none.
func (t *table[T]) names() []string {
	if t == nil {
		return nil
	}
	out := make([]string, len(t.keys))
	for i, p := range t.keys {
		out[i] = p.key
	}
	return out
}
