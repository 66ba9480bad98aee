package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"usher/auth0client/gateway/policy"
)

// clean takes out of an answer what the operator may not read: secrets for everybody, people and fields by policy. An answer
// that cannot be read cannot be cleaned, and is not given.
func (g *Gateway) clean(ctx context.Context, c *call, res *http.Response) (*http.Response, error) {
	res.Header.Del("Location") // whoever followed a redirect would carry a token there
	if res.StatusCode >= 300 || res.StatusCode < 200 || c.d.Answer == policy.PlainAnswer {
		return res, nil
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	if len(bytes.TrimSpace(body)) == 0 || g.harmless(c, body) {
		return res, nil
	}
	var answer any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&answer); err != nil {
		return refuse(c.r, http.StatusBadGateway, "usher_answer", "the tenant's answer is no JSON, so secrets could not be taken out of it", ""), nil
	}
	answer, err = g.cleaned(ctx, c, answer, res.Header)
	if err != nil {
		return g.refused(c, err)
	}
	if body, err = encode(answer); err != nil {
		return nil, err
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return res, nil
}

// harmless spares the work on a user's record that surely holds nothing to take out. An escape could spell a secret's name.
func (g *Gateway) harmless(c *call, body []byte) bool {
	switch c.d.Answer {
	case policy.UserAnswer, policy.UsersAnswer, policy.SearchAnswer, policy.IdentitiesAnswer:
		return c.rules.Open() && !bytes.Contains(body, []byte("_token")) && !bytes.Contains(body, []byte("\\u"))
	case policy.PeopleAnswer, policy.JobErrorsAnswer:
		return c.rules.Open()
	}
	return false
}

// cleaned is a decoded answer without what is not for the operator.
func (g *Gateway) cleaned(ctx context.Context, c *call, answer any, h http.Header) (any, error) {
	switch c.d.Answer {
	case policy.UserAnswer:
		return g.oneUser(c, answer, h)
	case policy.SearchAnswer, policy.UsersAnswer:
		return keep(answer, func(u map[string]any) bool {
			dropTokens(u)
			_, ok := c.rules.Covering(u)
			return ok && g.show(c, u)
		}), nil
	case policy.PeopleAnswer, policy.OwnedAnswer, policy.LogsAnswer:
		return g.owned(ctx, c, answer)
	case policy.LogAnswer:
		event, _ := answer.(map[string]any)
		id, _ := event["user_id"].(string)
		seen, err := g.visible(ctx, c.rules, []string{id})
		if err != nil {
			return nil, err
		}
		if c.rules.Filtered() && !seen[id] {
			return nil, missing("Log not found.", "", h)
		}
		c.cleanDetails(event["details"])
	case policy.IdentitiesAnswer:
		user := map[string]any{"identities": answer}
		dropTokens(user)
		if c.rules.Hide(user); user["identities"] == nil {
			return []any{}, nil
		}
	case policy.BlocksAnswer:
		if slices.ContainsFunc([]string{"email", "username", "phone_number"}, c.rules.Hides) {
			dropKeys(answer, func(k string) bool { return k == "identifier" })
		}
	case policy.ConnectionsAnswer:
		return each(answer, connection), nil
	case policy.ClientsAnswer:
		return each(answer, only("client_id", "name", "organization_usage")), nil
	case policy.APIsAnswer:
		return each(answer, only("id", "name", "identifier", "scopes", "is_system", "enforce_policies", "token_dialect", "token_lifetime", "allow_offline_access")), nil
	case policy.InvitationsAnswer:
		shown := keep(answer, func(i map[string]any) bool {
			// The link makes an account: it is given once, to whoever made it.
			delete(i, "invitation_url")
			delete(i, "ticket_id")
			return g.invited(c, i)
		})
		if c.rules.Filtered() {
			untold(shown)
		}
		if one, ok := shown.(map[string]any); ok && len(one) == 0 {
			return nil, missing("The invitation does not exist.", "", h)
		}
		return shown, nil
	case policy.TicketAnswer:
		onDomain(answer, c.about.CustomDomain())
	case policy.JobAnswer:
		return job(c, answer, h)
	case policy.JobErrorsAnswer:
		return keep(answer, func(row map[string]any) bool {
			u, _ := row["user"].(map[string]any)
			_, ok := c.rules.Covering(u)
			c.rules.Hide(u)
			return ok
		}), nil
	}
	return answer, nil
}

// oneUser judges a user's record by itself.
func (g *Gateway) oneUser(c *call, answer any, h http.Header) (any, error) {
	u, ok := answer.(map[string]any)
	if !ok {
		return answer, nil
	}
	dropTokens(u)
	if !c.d.Write {
		about, ok := c.rules.Covering(u)
		if !ok {
			return nil, nothing(policy.OnePerson, h)
		}
		if no := about.Permit(c.d); no != nil {
			return nil, no
		}
	}
	g.show(c, u)
	return u, nil
}

// show hides what the policies hide and takes out what was not asked for.
func (g *Gateway) show(c *call, u map[string]any) bool {
	c.rules.Hide(u)
	if c.project {
		project(u, c.asked, c.include)
	}
	return true
}

// owned keeps the rows of people who exist for the operator.
func (g *Gateway) owned(ctx context.Context, c *call, answer any) (any, error) {
	var ids []string
	alone := len(c.d.Users) > 0 // looked at already
	keep(answer, func(row map[string]any) bool {
		id, _ := row["user_id"].(string)
		ids = append(ids, id)
		return true
	})
	var seen map[string]bool
	if !alone && c.rules.Filtered() {
		var err error
		if seen, err = g.visible(ctx, c.rules, ids); err != nil {
			return nil, err
		}
	}
	answer = keep(answer, func(row map[string]any) bool {
		id, _ := row["user_id"].(string)
		if seen != nil && !seen[id] {
			return false
		}
		switch c.d.Answer {
		case policy.LogsAnswer:
			c.cleanDetails(row["details"])
			if c.project {
				project(row, c.asked, c.include)
			}
		case policy.OwnedAnswer:
			delete(row, "value")
		default:
			g.show(c, row)
		}
		return true
	})
	if seen != nil {
		untold(answer)
	}
	return answer, nil
}

// untold takes out the tenant's total of a list that goes on: it counts people who do not exist for the operator.
func untold(answer any) {
	m, _ := answer.(map[string]any)
	if _, tenants := m["total"].(json.Number); tenants {
		delete(m, "total")
	}
}

// cleanDetails takes secrets out of a log event's details, and what the policies hide out of the users' records in them: the
// event of a change holds its request and its answer.
func (c *call) cleanDetails(details any) {
	dropSecrets(details)
	event, _ := details.(map[string]any)
	for _, part := range []string{"request", "response"} {
		message, _ := event[part].(map[string]any)
		if body, ok := message["body"].(map[string]any); ok {
			c.rules.Hide(body)
		}
	}
}

// invited judges an invitation as the user that will come of it.
func (g *Gateway) invited(c *call, i map[string]any) bool {
	invitee, _ := i["invitee"].(map[string]any)
	_, ok := c.rules.Covering(map[string]any{"email": invitee["email"], "user_metadata": i["user_metadata"], "app_metadata": i["app_metadata"]})
	return ok
}

// job keeps an export's file, which is everybody's data, from who may not make one.
func job(c *call, answer any, h http.Header) (any, error) {
	j, _ := answer.(map[string]any)
	if j["type"] == "users_export" && (c.rules.Filtered() || len(c.rules.Hidden()) > 0) {
		return nil, nothing(policy.ByJob, h)
	}
	if !c.op.May(policy.BulkRun) {
		delete(j, "location")
	}
	return answer, nil
}

// onDomain gives links the policy's host.
func onDomain(answer any, host string) {
	m, _ := answer.(map[string]any)
	for _, f := range []string{"ticket", "ticket_url", "invitation_url"} {
		link, _ := m[f].(string)
		u, err := url.Parse(link)
		if err != nil || u.Host == "" || host == "" {
			continue
		}
		// As text: Auth0's links end in an empty fragment, which printing would drop.
		if rest, ok := strings.CutPrefix(link, u.Scheme+"://"+u.Host); ok {
			m[f] = u.Scheme + "://" + host + rest
		}
	}
}

// rowsOf finds the list in an answer: the answer itself, or the one list among totals.
func rowsOf(answer any) (rows []any, under string, ok bool) {
	switch a := answer.(type) {
	case []any:
		return a, "", true
	case map[string]any:
		for _, k := range []string{"users", "members", "logs", "grants", "device_credentials", "refresh_tokens", "tokens", "invitations", "connections", "clients", "resource_servers"} {
			if rows, ok := a[k].([]any); ok {
				return rows, k, true
			}
		}
	}
	return nil, "", false
}

// keep leaves the rows of an answer that want keeping, and has each changed on the way. On the last page the total is put
// right.
func keep(answer any, want func(map[string]any) bool) any {
	rows, under, ok := rowsOf(answer)
	if !ok {
		if one, isObject := answer.(map[string]any); isObject && !want(one) {
			return map[string]any{}
		}
		return answer
	}
	kept := make([]any, 0, len(rows))
	for _, r := range rows {
		if m, isObject := r.(map[string]any); isObject && want(m) {
			kept = append(kept, m)
		}
	}
	if under == "" {
		return kept
	}
	m, _ := answer.(map[string]any)
	m[under] = kept
	start, total := whole(m["start"]), whole(m["total"])
	if _, has := m["total"]; has && start+len(rows) >= total {
		m["total"] = start + len(kept)
	}
	if _, has := m["length"]; has {
		m["length"] = len(kept)
	}
	return m
}

func whole(v any) int {
	n, _ := v.(json.Number)
	i, _ := n.Int64()
	return int(i)
}

// each changes every row of an answer, or the answer when it is one thing.
func each(answer any, change func(map[string]any)) any {
	return keep(answer, func(m map[string]any) bool {
		change(m)
		return true
	})
}

// only leaves these fields.
func only(names ...string) func(map[string]any) {
	return func(m map[string]any) {
		for k := range m {
			if !slices.Contains(names, k) {
				delete(m, k)
			}
		}
	}
}

// connection leaves what a form needs to know of a connection. Its options hold client secrets, keys and scripts.
func connection(m map[string]any) {
	only("id", "name", "display_name", "strategy", "options", "realms", "is_domain_connection", "show_as_button", "metadata", "enabled_clients")(m)
	options, ok := m["options"].(map[string]any)
	if !ok {
		delete(m, "options")
		return
	}
	only("passwordPolicy", "password_complexity_options", "password_no_personal_info", "password_dictionary", "password_history", "requires_username", "validation", "import_mode", "disable_signup",
		"disable_self_service_change_password", "set_user_root_attributes", "attributes", "brute_force_protection", "mfa", "precedence")(options)
}

// project leaves the fields that were asked for, or takes them out.
func project(m map[string]any, fields string, include bool) {
	names := strings.Split(fields, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	for k := range m {
		if slices.Contains(names, k) != include {
			delete(m, k)
		}
	}
}
