package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
	"slices"
)

func newLine(raw []byte) (Line, error) {
	e, err := decode(raw)
	if err != nil {
		return Line{}, err
	}
	return Line{Entry: e, Raw: raw, Hash: hashOf(raw)}, nil
}

// Lines gives the lines of the journal in dir, oldest first. A last line that is cut off or is being written is left out.
// Nothing is checked: that is [Verify]'s work.
func Lines(ctx context.Context, dir string) iter.Seq2[Line, error] { return linesAfter(ctx, dir, 0) }

// linesAfter gives the lines whose numbers are greater than seq.
func linesAfter(ctx context.Context, dir string, seq uint64) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for {
			paths, err := files(dir)
			if err != nil {
				yield(Line{}, err)
				return
			}
			if len(paths) == 0 {
				yield(Line{}, fmt.Errorf("there is no journal in %s: %w", dir, fs.ErrNotExist))
				return
			}
			// A writer may begin a new file while these are read: then the list is made anew.
			moved := func() bool {
				after, err := files(dir)
				return err == nil && !slices.Equal(paths, after)
			}
			var more bool
			for _, path := range skipBefore(paths, seq) {
				if seq, more = fileLines(ctx, path, seq, moved, yield); !more {
					return
				}
			}
			if !moved() {
				return
			}
		}
	}
}

// skipBefore leaves out the files that hold no line after seq, by their names.
func skipBefore(paths []string, seq uint64) []string {
	for len(paths) > 1 {
		next, ok := firstOf(filepath.Base(paths[1]))
		if !ok || next > seq+1 {
			break
		}
		paths = paths[1:]
	}
	return paths
}

func fileLines(ctx context.Context, path string, seq uint64, moved func() bool, yield func(Line, error) bool) (last uint64, more bool) {
	n, more := 0, true
	fail := func(err error) bool {
		yield(Line{}, err)
		more = false
		return false
	}
	err := eachLine(path, func(raw []byte) bool {
		n++
		if !whole(raw) {
			return false
		}
		if err := ctx.Err(); err != nil {
			return fail(err)
		}
		p, ok := split(raw)
		if ok && p.seq <= seq {
			return true
		}
		if ok && p.seq > seq+1 && moved() {
			return false
		}
		l, err := newLine(append([]byte(nil), raw[:len(raw)-1]...))
		if err != nil {
			return fail(fmt.Errorf("line %d of %s: %w", n, path, err))
		}
		seq = l.Seq
		more = yield(l, nil)
		return more
	})
	if err != nil && more && !errors.Is(err, fs.ErrNotExist) { // a file that is gone was renamed: it is read in the next round
		fail(err)
	}
	return seq, more
}

// Entries gives what stands in lines.
func Entries(lines iter.Seq2[Line, error]) ([]Entry, error) {
	var out []Entry
	for l, err := range lines {
		if err != nil {
			return out, err
		}
		out = append(out, l.Entry)
	}
	return out, nil
}

// Follow gives the lines after number seq and then new ones as they are written, looking at each tick, until ctx ends.
func Follow[T any](ctx context.Context, dir string, seq uint64, tick <-chan T) iter.Seq2[Line, error] {
	return follow(ctx, tick, func(yield func(Line, error) bool) bool {
		for l, err := range linesAfter(ctx, dir, seq) {
			if err == nil {
				seq = l.Seq
			}
			if !yield(l, err) || err != nil {
				return false
			}
		}
		return true
	})
}

// follow asks for what is new at each tick.
func follow[T any](ctx context.Context, tick <-chan T, news func(yield func(Line, error) bool) bool) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for news(yield) {
			select {
			case <-ctx.Done():
				return
			case <-tick:
			}
		}
	}
}

func (s *fileStore) lines(ctx context.Context) iter.Seq2[Line, error] { return Lines(ctx, s.dir) }
