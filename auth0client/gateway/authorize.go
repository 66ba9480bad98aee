package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"usher/auth0client/gateway/policy"
)

// serve carries a request out that the table allows, as far as the operator's policies do.
func (g *Gateway) serve(c *call) (*http.Response, error) {
	ctx := c.r.Context()
	var err error
	if c.rules, err = g.rulesOf(ctx, &c.op); err != nil {
		return g.refused(c, err)
	}
	if !c.rules.Open() && len(c.rules.Names()) == 0 {
		return g.refused(c, c.rules.Permit(c.d))
	}
	if no := c.rules.Nameable(c.d); no != nil {
		return g.refused(c, no)
	}
	if c.d.Write {
		return g.write(c)
	}
	return g.look(c)
}

// write makes a change, when everything allows it. Changes of one user go one after the other, so that what was looked at
// still holds when it is made.
func (g *Gateway) write(c *call) (*http.Response, error) {
	ctx := c.r.Context()
	ids, err := g.subjects(ctx, c)
	if err != nil {
		return g.refused(c, err)
	}
	if err := g.notSelf(ctx, c, ids); err != nil {
		return g.refused(c, err)
	}
	unlock, err := g.locks.lock(ctx, ids)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := g.authorize(ctx, c, ids); err != nil {
		return g.refused(c, err)
	}
	if err := g.demand(ctx, c); err != nil {
		return g.refused(c, err)
	}
	if res, err := g.unchanged(ctx, c, ids); res != nil || err != nil {
		if err != nil {
			return g.refused(c, err)
		}
		return res, nil
	}
	if err := g.resetMail(ctx, c); err != nil {
		return g.refused(c, err)
	}
	if err := prepare(c); err != nil {
		return g.refused(c, err)
	}
	c.from = g.before(ctx, c)
	res, err := g.change(c)
	if err != nil {
		return res, err
	}
	return g.clean(ctx, c, res)
}

// notSelf keeps operators off their own account where the request alone did not tell that it is theirs: by a user name, or
// by an email that their token does not carry.
func (g *Gateway) notSelf(ctx context.Context, c *call, ids []string) error {
	if !c.d.NotSelf {
		return nil
	}
	if slices.ContainsFunc(ids, c.op.Is) {
		return policy.Self()
	}
	if upsert := c.d.Fields["upsert"]; c.d.Subject != policy.NewPeople || upsert == nil || upsert == "false" {
		return nil
	}
	me, _, err := g.person(ctx, c.op.Subject)
	if err != nil {
		return err
	}
	for _, p := range c.d.People {
		for _, f := range []string{"email", "username", "phone_number"} {
			theirs, _ := p[f].(string)
			mine, _ := me[f].(string)
			if mine != "" && strings.EqualFold(strings.TrimSpace(theirs), mine) {
				return policy.Self()
			}
		}
	}
	return nil
}

// subjects finds the users whom a request is about. Where no policy limits the operator, only those it names itself, and
// those that may be the operator.
func (g *Gateway) subjects(ctx context.Context, c *call) ([]string, error) {
	if len(c.d.Users) > 0 || c.rules.Open() && !c.d.NotSelf {
		return c.d.Users, nil
	}
	var ids []string
	var err error
	switch c.d.Subject {
	case policy.ByIdentifier:
		ids, err = g.byIdentifier(ctx, c.d.Identifier)
	case policy.ByEmail:
		ids, err = g.byEmail(ctx, c.d.Identifier)
	case policy.BySession, policy.ByRefreshToken, policy.ByDevice, policy.ByGrant:
		ids, err = g.owner(ctx, c.d.Subject, c.d.IDs[0], c.r.Header.Get("X-Usher-User"))
	default:
		return nil, nil
	}
	var said *answered
	none := err == nil && len(ids) == 0 || errors.As(err, &said) && said.status == http.StatusNotFound
	if none && c.rules.Filtered() {
		// Looked at as somebody outside is: neither the answer's headers nor its time tell the two apart.
		return []string{noPerson}, nil
	}
	return ids, err
}

// noPerson is an id that no user has.
const noPerson = "usher|nobody"

// authorize asks the policies about a change.
func (g *Gateway) authorize(ctx context.Context, c *call, ids []string) error {
	if err := g.ownRole(ctx, c); err != nil {
		return err
	}
	if c.about = c.rules; c.rules.Open() {
		return nil
	}
	var err error
	var people []map[string]any
	if c.about, people, err = g.coveringPeople(ctx, c.rules, ids, c.d.Subject); err != nil {
		return err
	}
	if len(people) == 1 {
		c.person = people[0]
	}
	if no := c.about.Permit(c.d); no != nil {
		return no
	}
	for _, step := range []func(context.Context, *call, []string) error{g.create, g.roles, g.members, g.session, g.invitation, g.above, g.export} {
		if err := step(ctx, c, ids); err != nil {
			return err
		}
	}
	return nil
}

// session sees that a session which is ended through its user is that user's.
func (g *Gateway) session(ctx context.Context, c *call, ids []string) error {
	id := c.d.Fields["session_id"]
	if c.d.Pattern != "users/{id}/revoke-access" || id == nil {
		return nil
	}
	name, _ := id.(string)
	if name == "" {
		return &policy.Refusal{Code: "usher_field", Message: "the field session_id must be a text"}
	}
	owners, err := g.owner(ctx, policy.BySession, name, "")
	if err == nil && !slices.Equal(owners, ids) {
		err = nothing(policy.BySession, nil)
	}
	return err
}

// invitation sees that an invitation which is withdrawn is of somebody who would exist for the operator.
func (g *Gateway) invitation(ctx context.Context, c *call, _ []string) error {
	if c.d.Pattern != "organizations/{id}/invitations/{id}" || !c.rules.Filtered() {
		return nil
	}
	var i map[string]any
	found, h, err := g.lookup(ctx, c.d.Path, nil, &i)
	if err == nil && (!found || !g.invited(c, i)) {
		err = missing("The invitation does not exist.", "", h)
	}
	return err
}

// ownRole keeps operators from giving more to a role they hold themselves.
func (g *Gateway) ownRole(ctx context.Context, c *call) error {
	if c.d.Pattern != "roles/{id}/permissions" || c.r.Method != http.MethodPost {
		return nil
	}
	held, err := ask(g.known, "role ids of "+c.op.Subject, func() ([]role, error) {
		direct, through, err := g.rolesHeld(ctx, c.op.Subject)
		return append(direct, through...), err
	})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(held, func(r role) bool { return r.ID == c.d.Target }) {
		return &policy.Refusal{Code: "usher_self", Message: "nobody gives more to a role they hold themselves: ask another operator"}
	}
	return nil
}

// create turns a new user, new users or an invitation into what the policies make of them.
func (g *Gateway) create(ctx context.Context, c *call, _ []string) error {
	var err error
	switch c.d.Subject {
	case policy.NewPerson:
		connection, _ := c.d.Fields["connection"].(string)
		made, no := c.rules.Stamp(c.d.Fields, connection)
		if no != nil {
			return no
		}
		c.d.Fields = made
		c.body, err = encode(made)
	case policy.Invited:
		err = g.invite(ctx, c)
	case policy.NewPeople:
		err = g.importPeople(ctx, c)
	}
	return err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// invite treats an invitation as the user that will come of it.
func (g *Gateway) invite(ctx context.Context, c *call) error {
	invitee, _ := c.d.Fields["invitee"].(map[string]any)
	person := map[string]any{"email": invitee["email"]}
	for _, f := range []string{"user_metadata", "app_metadata"} {
		if v, ok := c.d.Fields[f]; ok {
			person[f] = v
		}
	}
	connection := ""
	if id, _ := c.d.Fields["connection_id"].(string); id != "" {
		var err error
		if connection, err = g.name(ctx, "connections", id); err != nil {
			return err
		}
	}
	made, no := c.rules.Stamp(person, connection)
	if no != nil {
		return no
	}
	for f, v := range made {
		switch f {
		case "user_metadata", "app_metadata":
			c.d.Fields[f] = v
		case "email":
		default:
			return &policy.Refusal{Code: "usher_policy", Message: "your policy stamps " + f + " on new users, which an invitation cannot carry: create the user instead"}
		}
	}
	var err error
	c.body, err = encode(c.d.Fields)
	return err
}

// importPeople treats every user of an import as one that is created. To overwrite people who exist, one would have to see
// them all.
func (g *Gateway) importPeople(ctx context.Context, c *call) error {
	if upsert := c.d.Fields["upsert"]; upsert != nil && upsert != "false" && c.rules.NeedsPerson() {
		return &policy.Refusal{Code: "usher_policy", Message: "an import that overwrites people is for operators who may see everyone"}
	}
	id, _ := c.d.Fields["connection_id"].(string)
	connection, err := g.name(ctx, "connections", id)
	if err != nil {
		return err
	}
	for i, p := range c.d.People {
		made, no := c.rules.Stamp(p, connection)
		if no != nil {
			return no
		}
		c.d.People[i] = made
	}
	return nil
}

// export keeps everybody's data from those who may not see everybody, and hidden fields from all who may not see them.
func (g *Gateway) export(_ context.Context, c *call, _ []string) error {
	if c.d.Subject != policy.Everybody {
		return nil
	}
	if c.rules.Filtered() {
		return &policy.Refusal{Code: "usher_policy", Message: "an export holds everybody, and your policy lets you see some: search and export what you see instead"}
	}
	if len(c.rules.Hidden()) == 0 {
		return nil
	}
	fields, _ := c.d.Fields["fields"].([]any)
	if len(fields) == 0 {
		return &policy.Refusal{Code: "usher_policy", Message: "your policy hides fields: name those to export"}
	}
	for _, f := range fields {
		m, _ := f.(map[string]any)
		name, _ := m["name"].(string)
		plain, ok := exported(name)
		if !ok {
			return &policy.Refusal{Code: "usher_policy", Message: "your policy hides fields, and whether this is one cannot be told: " + name}
		}
		if c.rules.Hides(plain) {
			return &policy.Refusal{Code: "usher_policy", Message: "your policy hides " + name + ", so it cannot be exported"}
		}
	}
	return nil
}

// exported is the path of a user's record that a field of an export names, such as "identities[0].connection". Names between
// brackets or quotes would be a second way to write one.
func exported(name string) (path string, ok bool) {
	var b strings.Builder
	for rest := name; ; {
		before, after, bracket := strings.Cut(rest, "[")
		b.WriteString(before)
		if !bracket {
			break
		}
		index, after, closed := strings.Cut(after, "]")
		if _, err := strconv.ParseUint(index, 10, 16); !closed || err != nil {
			return "", false
		}
		rest = after
	}
	path = b.String()
	return path, path != "" && !strings.ContainsAny(path, "]\"'`\\ ")
}

// prepare makes the request that is forwarded from what was decided: its query, the kind of its body, and for links and
// mails the policy's domain.
func prepare(c *call) error {
	r := c.r.Clone(c.r.Context())
	r.URL.RawQuery = c.d.Query.Encode()
	r.Header.Del("Auth0-Custom-Domain")
	if d := c.about.CustomDomain(); d != "" && c.d.Write {
		r.Header.Set("Auth0-Custom-Domain", d)
	}
	if len(c.body) > 0 && !c.d.Form {
		r.Header.Set("Content-Type", "application/json")
	}
	c.r = r
	if !c.d.Form {
		return nil
	}
	// The form is written anew whoever sent it: no second reader can take its borders otherwise.
	kind, body, err := c.d.WriteForm()
	if err != nil {
		return fmt.Errorf("write the import's form: %w", err)
	}
	c.body = body
	r.Header.Set("Content-Type", kind)
	return nil
}

// demand asks for what must come with a change: a reason, a fresh sign-in, a second operator.
func (g *Gateway) demand(ctx context.Context, c *call) error {
	d := c.about.Demands(c.d.Actions, reasonOf(c.r), g.o.Now())
	switch {
	case d.Reason != nil:
		return d.Reason
	case c.approved:
		return nil
	case d.FreshLogin != nil:
		return d.FreshLogin
	case d.Approval != nil:
		return g.askApproval(ctx, c, d.Approval)
	}
	return nil
}
