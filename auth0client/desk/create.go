package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"usher/auth0client"
	"usher/auth0client/term"
)

// Creator is what making users takes.
type Creator interface {
	CreateUser(ctx context.Context, attributes auth0client.Change) (auth0client.User, error)
}

// Create makes a user. attributes hold the connection's name and what the connection asks for.
func Create(tenant Creator, attributes auth0client.Change) Operation {
	connection, _ := attributes["connection"].(string)
	text := func(name string) string { s, _ := attributes[name].(string); return s }
	u := auth0client.User{EmailRaw: text("email"), Email: term.Line(text("email")), Phone: term.Line(text("phone_number")), Username: term.Line(text("username"))}
	op := Operation{Name: "Create user", Permission: "users:create", User: u, Does: []string{"Create a user in the connection " + term.Line(connection).String()}}
	for _, line := range Diff(auth0client.User{}, attributes) {
		op.Does = append(op.Does, strings.Replace(line, "nothing → ", "", 1))
	}
	if u.EmailRaw != "" && attributes["verify_email"] != false && attributes["email_verified"] != true {
		op.Does = append(op.Does, "Auth0 mails them its verification email.")
	}
	op.Run = func(ctx context.Context) Result {
		made, err := tenant.CreateUser(ctx, attributes)
		r := now(made, err, "")
		if err == nil {
			r.Done = []string{"Created " + Who(made) + "."}
		}
		return r
	}
	return op
}

// Inviter is what inviting takes.
type Inviter interface {
	InviteMember(ctx context.Context, id auth0client.OrgID, i auth0client.Invite) (auth0client.Invitation, error)
}

// Invite has Auth0 mail somebody an invitation into an organization: they make their account themselves.
func Invite(tenant Inviter, org auth0client.Organization, i auth0client.Invite) Operation {
	i.Send = true
	email := term.Line(i.Email)
	return Operation{Name: "Invite", Permission: "orgs:manage", User: auth0client.User{EmailRaw: i.Email, Email: email},
		Does: []string{"Auth0 mails " + email.String() + " an invitation into " + org.Name.String() + ". It is good for a week.", "They make their account themselves, or join with one they have."},
		Run: func(ctx context.Context) Result {
			_, err := tenant.InviteMember(ctx, org.ID, i)
			return done(err, "Auth0 sends the invitation to "+email.String()+".")
		}}
}

// Restored reads the copy of a record that a deletion keeps, as the attributes that make the user anew: with the same id in
// the same connection. Links, roles, memberships, enrolments and the password are not in a record.
func Restored(record []byte) (auth0client.Change, error) {
	dec := json.NewDecoder(bytes.NewReader(record))
	dec.UseNumber()
	var have map[string]any
	if err := dec.Decode(&have); err != nil {
		return nil, fmt.Errorf("it is no user's record: %w", err)
	}
	out := auth0client.Change{}
	for _, name := range slices.Concat(Texts(), Flags(), metadataKinds(), []string{"blocked", "connection", "password"}) {
		if v := have[name]; v != nil && v != "" {
			out[name] = v
		}
	}
	for _, kind := range metadataKinds() {
		keys, isObject := out[kind].(map[string]any)
		if out[kind] != nil && !isObject {
			return nil, fmt.Errorf("its %s is no JSON object", kind)
		}
		if bad := RefusedKeys(kind, keys); len(bad) > 0 {
			return nil, errors.New(bad[0])
		}
		maps.DeleteFunc(keys, func(_ string, v any) bool { return v == nil })
		if len(keys) == 0 {
			delete(out, kind)
		}
	}
	identities, _ := have["identities"].([]any)
	if len(identities) > 0 {
		first, _ := identities[0].(map[string]any)
		if name, _ := first["connection"].(string); name != "" {
			out["connection"] = name
		}
	}
	if id, _ := have["user_id"].(string); id != "" {
		if _, plain, ok := strings.Cut(id, "|"); ok {
			id = plain
		}
		out["user_id"] = id
	}
	if out["connection"] == nil {
		return nil, errors.New("it names no connection")
	}
	return out, nil
}
