package gateway

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
)

// ownPrefix is where usher's own endpoints are. Nothing below it is ever forwarded.
const ownPrefix = "/usher/"

// own answers usher's own endpoints:
//
//	GET  /usher/v1/me                       who the operator is and what their policies leave them
//	GET  /usher/v1/approvals                what waits for a second operator
//	POST /usher/v1/approvals/{id}/approve   carry it out, or agree that its requester takes it
//	POST /usher/v1/approvals/{id}/take      carry it out for its requester, whose answer is a secret
//	POST /usher/v1/approvals/{id}/deny      end it
//	GET  /usher/v1/journal                  the record of changes, newest first: ?take=50&before=SEQ&target=ID. With
//	                                        mine=true the operator's own, for which nobody needs journal:read
//	POST /usher/v1/password-reset-email     have Auth0 mail {"user_id"} a link to set a new password
func (g *Gateway) own(r *http.Request, op policy.Operator, body []byte) (*http.Response, error) {
	path := r.URL.EscapedPath()
	rest, ok := strings.CutPrefix(path, "/usher/v1/approvals/")
	switch {
	case r.Method == http.MethodGet && path == "/usher/v1/me" && r.URL.RawQuery == "":
		return g.me(r, op)
	case r.Method == http.MethodGet && path == "/usher/v1/journal" && g.o.Entries != nil:
		return g.journal(r, op)
	case g.o.Approvals == nil:
	case r.Method == http.MethodGet && path == "/usher/v1/approvals" && r.URL.RawQuery == "":
		return g.approvals(r, op)
	case r.Method == http.MethodPost && ok && r.URL.RawQuery == "" && len(body) <= len("{}"):
		id, verb, _ := strings.Cut(rest, "/")
		if !plainID(id) {
			break
		}
		switch verb {
		case "approve":
			return g.approve(r, op, id)
		case "deny":
			return g.deny(r, op, id)
		case "take":
			return g.take(r, op, id)
		}
	}
	return refuse(r, http.StatusNotFound, "usher_route", "usher's gateway has no such endpoint", ""), nil
}

// plainID reports an id as the gateway makes them.
func plainID(id string) bool {
	return id != "" && len(id) <= 64 && !strings.ContainsFunc(id, func(c rune) bool {
		return (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_'
	})
}

func (g *Gateway) me(r *http.Request, op policy.Operator) (*http.Response, error) {
	rules, err := g.rulesOf(r.Context(), &op)
	if err != nil {
		return g.refused(&call{r: r, op: op}, err)
	}
	v := rules.View()
	approves, err := g.approves(r.Context(), op)
	if err != nil {
		return g.refused(&call{r: r, op: op}, err)
	}
	body := struct {
		Subject     string    `json:"subject"`
		Email       string    `json:"email,omitempty"`
		Name        string    `json:"name,omitempty"`
		Permissions []string  `json:"permissions"`
		AuthTime    time.Time `json:"auth_time,omitzero"`
		Approves    bool      `json:"approves"` // some of what others ask for
		policy.View
	}{op.Subject, op.Email, op.Name, append([]string{}, op.Permissions...), op.AuthTime, approves, v}
	return object(r, http.StatusOK, body), nil
}

// mostEntries is the longest page of the journal.
const mostEntries = 200

// journal gives a page of the journal. Lines about people outside an operator's policy do not exist for them.
func (g *Gateway) journal(r *http.Request, op policy.Operator) (*http.Response, error) {
	ctx := r.Context()
	c := &call{r: r, op: op}
	take, before, target, mine, ok := journalPage(r)
	if !mine && !op.May(policy.JournalRead) {
		return refusal(r, &policy.Refusal{Code: "usher_permission", Message: "you lack the permission journal:read", Permission: policy.JournalRead}), nil
	}
	rules, err := g.rulesOf(ctx, &op)
	if err != nil {
		return g.refused(c, err)
	}
	if no := rules.Permit(policy.Decision{Actions: []policy.Action{policy.JournalRead}}); no != nil && !mine {
		return g.refused(c, no)
	}
	if !ok {
		return refuse(r, http.StatusBadRequest, "usher_query", "the journal takes ?take=1…200, before=NUMBER, target=ID and mine=true", ""), nil
	}
	all, err := g.o.Entries(ctx)
	if err != nil {
		return refuse(r, http.StatusServiceUnavailable, "usher_journal", "the journal cannot be read: "+err.Error(), ""), nil
	}
	if mine {
		all = slices.DeleteFunc(slices.Clone(all), func(e journal.Entry) bool { return e.Subject != op.Subject })
	}
	page, next, err := g.page(r, rules, all, take, before, target)
	if err != nil {
		return g.refused(c, err)
	}
	body := map[string]any{"entries": page}
	if next > 0 {
		body["next"] = next // give it as before
	}
	return object(r, http.StatusOK, body), nil
}

func journalPage(r *http.Request) (take int, before uint64, target string, mine, ok bool) {
	take, ok = 50, true
	for name, v := range r.URL.Query() {
		var err error
		switch name {
		case "take":
			take, err = strconv.Atoi(v[0])
		case "before":
			before, err = strconv.ParseUint(v[0], 10, 64)
		case "target":
			target = v[0]
		case "mine":
			mine = v[0] == "true"
			ok = ok && mine
		default:
			ok = false
		}
		ok = ok && err == nil && len(v) == 1
	}
	return take, before, target, mine, ok && take >= 1 && take <= mostEntries
}

// page walks back through the journal until a page of visible lines is full.
func (g *Gateway) page(r *http.Request, rules policy.Rules, all []journal.Entry, take int, before uint64, target string) (page []journal.Entry, next uint64, err error) {
	page = []journal.Entry{}
	for chunk := range slices.Chunk(wanted(all, before, target), mostPeople) {
		var ids []string
		for _, e := range chunk {
			ids = append(ids, e.Target)
		}
		seen, err := g.visible(r.Context(), rules, ids)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range chunk {
			if rules.Filtered() && !seen[e.Target] {
				continue
			}
			if len(page) == take {
				return page, page[take-1].Seq, nil
			}
			hideFields(rules, e.Fields)
			hideFields(rules, e.From)
			page = append(page, e)
		}
	}
	return page, 0, nil
}

// wanted are the lines before a number, about a target when one is named, newest first.
func wanted(all []journal.Entry, before uint64, target string) []journal.Entry {
	var out []journal.Entry
	for _, e := range slices.Backward(all) {
		if (before == 0 || e.Seq < before) && (target == "" || e.Target == target) {
			out = append(out, e)
		}
	}
	return out
}

func hideFields(rules policy.Rules, fields map[string]any) {
	if fields != nil {
		rules.Hide(fields)
	}
}
