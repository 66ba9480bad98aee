package auth0client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"usher/auth0client/term"
)

// own calls one of the gateway's own endpoints, which are not Auth0's.
func (c *Client) own(ctx context.Context, method, path string, body any, what string) ([]byte, error) {
	call := c.plain(method, "/usher/v1/"+path, nil, body)
	if method == http.MethodGet {
		return c.read(ctx, what, call)
	}
	return c.write(ctx, what, call)
}

// plain is a call without go-auth0: to the gateway itself, and for lists whose types in go-auth0 would make up a fifth of
// the program while only their raw answer is read. path is escaped already.
func (c *Client) plain(method, path string, query url.Values, body any) func(context.Context) error {
	return func(ctx context.Context) error {
		var content io.Reader = http.NoBody
		if body != nil {
			raw, err := json.Marshal(body)
			if err != nil {
				return err
			}
			content = bytes.NewReader(raw)
		}
		to := "https://" + c.domain + path
		if len(query) > 0 {
			to += "?" + query.Encode()
		}
		req, err := http.NewRequestWithContext(ctx, method, to, content)
		if err != nil {
			return err
		}
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		res, err := c.http.Do(req)
		if err != nil {
			return err
		}
		return res.Body.Close()
	}
}

// get reads a list of the Management API without go-auth0's types.
func (c *Client) get(ctx context.Context, what, path string, query url.Values) ([]byte, error) {
	return c.read(ctx, what, c.plain(http.MethodGet, "/api/v2/"+path, query, nil))
}

// Me is what the gateway says an operator may do.
type Me struct {
	Subject     UserID   `json:"subject"`
	Permissions []string `json:"permissions"`
	// Policies are the names of the gateway's policies that apply to the operator; none when permissions alone decide.
	Policies []string `json:"policies"`
	// Limited: the operator sees only some users.
	Limited bool `json:"limited"`
	// Fields are the attributes the operator may write; nil for all.
	Fields []string `json:"fields"`
	// Hidden are the attributes the operator may not read.
	Hidden []string `json:"hidden"`
	// Roles are the names of the roles the operator may assign, with * for anything; nil for all.
	Roles []string `json:"roles"`
	// Connections are those in which the operator may create users; nil for all.
	Connections []string `json:"connections"`
	// Create: the operator may create users.
	Create bool `json:"create"`
	// Stamped are the attributes that a policy sets on new users, whatever is sent.
	Stamped []string `json:"stamped"`
	// Choices are the values among which a new user's attributes are chosen, by path.
	Choices map[string][]any `json:"choices"`
	// RawJSON: metadata may be edited as JSON.
	RawJSON bool `json:"raw_json"`
	// CustomFields are the fields of metadata that a policy names; without RawJSON no other metadata may be written.
	CustomFields []PolicyField `json:"custom_fields"`
	// Reasons, FreshLogins and Approvals are the actions that need a reason, a sign-in of just now, a second operator.
	Reasons     []string `json:"reasons"`
	FreshLogins []string `json:"fresh_logins"`
	Approvals   []string `json:"approvals"`
	// Approves: the operator is one of those who may approve something of somebody.
	Approves bool `json:"approves"`
}

// PolicyField is a field of metadata that a policy names, and where a console shows it: list, detail, edit, create, search;
// none is everywhere.
type PolicyField struct {
	Path  string   `json:"path"`
	Where []string `json:"where"`
}

// Me asks the gateway what the operator may do.
func (c *Client) Me(ctx context.Context) (Me, error) {
	body, err := c.own(ctx, http.MethodGet, "me", nil, "ask what you may do")
	if err != nil {
		return Me{}, err
	}
	var m Me
	if err := json.Unmarshal(body, &m); err != nil {
		return Me{}, badAnswer(err)
	}
	return m, nil
}

// Unwritable says which of the operator's policies keeps an attribute, such as "name" or "app_metadata.plan", from being
// written; empty when none does. Of metadata as a whole it is enough that some of it may be written.
func (m Me) Unwritable(path string) string {
	if m.Fields == nil {
		return ""
	}
	for _, f := range m.Fields {
		f = strings.TrimSuffix(strings.TrimSuffix(f, "*"), ".")
		if f == "" || f == path || strings.HasPrefix(path, f+".") || strings.HasPrefix(f, path+".") {
			return ""
		}
	}
	if len(m.Policies) == 0 {
		return "your policy does not let you write it"
	}
	return "your policy " + term.Line(strings.Join(m.Policies, ", ")).String() + " does not let you write it"
}

// UnwritableField says which of the operator's policies keeps a field within metadata, such as "app_metadata.contract.id",
// from being written; empty when none does. Auth0 merges the first level only, so the gateway judges by the first-level key.
func (m Me) UnwritableField(path string) string {
	steps := strings.SplitN(path, ".", 3)
	key := strings.Join(steps[:min(2, len(steps))], ".")
	within := func(p string) bool { return p == key || strings.HasPrefix(p, key+".") }
	if slices.ContainsFunc(m.Hidden, func(h string) bool { return within(h) || strings.HasPrefix(key, h+".") }) {
		return "your policy hides it, so it cannot be changed either"
	}
	named := slices.ContainsFunc(m.CustomFields, func(f PolicyField) bool {
		return within(f.Path) && (len(f.Where) == 0 || slices.Contains(f.Where, "edit") || slices.Contains(f.Where, "create"))
	})
	if !m.RawJSON && !named {
		return "your policy lets only its own fields of metadata be written"
	}
	return m.Unwritable(key)
}
