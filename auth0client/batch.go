package auth0client

import "encoding/json"

// Batch is one part of a list that Auth0 pages by checkpoint. Next is empty at the end.
type Batch[T any] struct {
	Items []T
	Next  string
}

// take is how many rows one request of a checkpoint list asks for.
const take = 100

// batch decodes one part of a checkpoint list and turns each row into ours.
func batch[J, T any](body []byte, turn func(J) T, keys ...string) (Batch[T], error) {
	rows, rest, err := list[J](body, keys...)
	if err != nil {
		return Batch[T]{}, err
	}
	out := Batch[T]{Items: make([]T, len(rows))}
	for i, r := range rows {
		out.Items[i] = turn(r)
	}
	var next text
	if raw, ok := rest["next"]; ok && json.Unmarshal(raw, &next) == nil {
		out.Next = string(next)
	}
	return out, nil
}

// rows decodes a list and turns each row into ours.
func rows[J, T any](body []byte, turn func(J) T, keys ...string) ([]T, error) {
	b, err := batch(body, turn, keys...)
	return b.Items, err
}

// fewest is how many rows a page has at most where a tenant gives fewer than were asked for.
const fewest = 50

// paged reads a list that Auth0 pages by number, to the first page that is not full: of such a list it gives 1,000 rows at
// most. How many rows make a page full the first tells.
func paged[J, T any](part func(page int) ([]byte, error), turn func(J) T, keys ...string) ([]T, error) {
	var out []T
	full := 0
	for page := 0; len(out) < SearchWindow; page++ {
		body, err := part(page)
		if err != nil {
			return nil, err
		}
		found, err := rows(body, turn, keys...)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
		if full == 0 && (len(found) == fewest || len(found) >= take) {
			full = len(found)
		}
		if full == 0 || len(found) < full {
			break
		}
	}
	return out, nil
}

// whole reads a checkpoint list to its end, or to limit rows.
func whole[T any](limit int, part func(from *string) (Batch[T], error)) ([]T, error) {
	var out []T
	var from *string
	for {
		b, err := part(from)
		if err != nil {
			return nil, err
		}
		out = append(out, b.Items...)
		if b.Next == "" || len(b.Items) == 0 || len(out) >= limit {
			return out, nil
		}
		from = &b.Next
	}
}
