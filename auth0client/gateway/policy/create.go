package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// identifying are the fields without which there is no user: a limit of fields is about the others.
func identifying() []string {
	return append(controlFields(), "email", "username", "phone_number", "password", "user_id")
}

// Stamp turns what an operator sent into the user that is created: with the values that a policy stamps, within its
// connections and choices. The policy is the first whose filter finds the new user; every other that finds them must
// agree. connection is the name of the connection.
func (r Rules) Stamp(sent map[string]any, connection string) (map[string]any, *Refusal) {
	if r.open {
		return sent, nil
	}
	no := &Refusal{Code: "usher_policy", Message: "no policy of this gateway lets you create users"}
	first := true
	for _, b := range r.bound {
		made, problem := r.stampWith(b, sent, connection)
		if problem == nil {
			return made, nil
		}
		if first {
			no, first = problem, false
		}
	}
	return nil, no
}

func (r Rules) stampWith(b bound, sent map[string]any, connection string) (map[string]any, *Refusal) {
	if b.closed != "" {
		return nil, b.refuse("%s", b.closed)
	}
	made := maps.Clone(sent)
	if made == nil {
		made = map[string]any{}
	}
	if no := r.stampInto(b, made); no != nil {
		return nil, no
	}
	all, ok := r.Covering(asUser(made, connection))
	if !ok || !slices.ContainsFunc(all.bound, func(o bound) bool { return o.Name == b.Name }) {
		return nil, b.refuse("the new user would be outside the people your policy lets you see")
	}
	for _, o := range all.bound {
		if no := o.mayCreate(sent, connection); no != nil {
			return nil, no
		}
		for _, path := range slices.Sorted(maps.Keys(o.Create.Stamp)) {
			want, err := fillValue(o.Create.Stamp[path], func(h placeholder) any { return h.value(r.op) })
			got, has := valueAt(made, path)
			switch {
			case err != nil:
				return nil, o.refuse("%s", err)
			case !has || path != "" && o.Name != b.Name && sameAs(sent, path, got):
				setAt(made, path, want)
			case !reflect.DeepEqual(words(got), words(want)):
				return nil, o.refuse("two of your policies stamp %s differently", path)
			}
		}
	}
	// A second policy's stamps may have changed whom the filters find.
	if again, ok := r.Covering(asUser(made, connection)); !ok || !slices.Equal(again.Names(), all.Names()) {
		return nil, b.refuse("the new user would be outside the people your policy lets you see")
	}
	return made, nil
}

// sameAs reports that a value is still what the operator sent.
func sameAs(sent map[string]any, path string, got any) bool {
	was, had := valueAt(sent, path)
	return had && reflect.DeepEqual(was, got)
}

func (r Rules) stampInto(b bound, made map[string]any) *Refusal {
	for path, v := range b.Create.Stamp {
		value, err := fillValue(v, func(h placeholder) any { return h.value(r.op) })
		if err != nil {
			return b.refuse("%s", err)
		}
		setAt(made, path, value)
	}
	return nil
}

// mayCreate looks at what the operator sent themselves. What the policy stamps they may send, and it is overwritten.
func (b bound) mayCreate(sent map[string]any, connection string) *Refusal {
	if b.Create.Allowed != nil && !*b.Create.Allowed {
		return b.refuse("your policy does not let you create users")
	}
	if b.Connections != nil && !globAny(b.Connections, connection) {
		return b.refuse("your policy does not let you create users in the connection %s", connection)
	}
	exempt := identifying()
	for path := range b.Create.Stamp {
		exempt = append(exempt, path)
	}
	for path := range b.Create.Choices {
		exempt = append(exempt, path) // offered, so it may be sent; its value is checked below
		if no := b.chosen(path, sent); no != nil {
			return no
		}
	}
	return b.writable(sent, exempt)
}

// asUser is the record that a new user will have, as far as a filter looks at it.
func asUser(fields map[string]any, connection string) map[string]any {
	user := maps.Clone(fields)
	for _, f := range []string{"email", "username"} {
		if s, ok := user[f].(string); ok {
			user[f] = strings.ToLower(s) // Auth0 keeps both in lower case
		}
	}
	delete(user, "password")
	user["identities"] = []any{map[string]any{"connection": connection}}
	if id, ok := fields["user_id"].(string); ok {
		user["user_id"] = fmt.Sprintf("auth0|%s", id)
	}
	return user
}
