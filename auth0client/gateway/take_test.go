package gateway

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
)

const agreeing = `
[[policy]]
name = "desk"
emails = ["*@example.com"]
roles = ["desk"]
hidden = ["app_metadata.salary"]
fresh_login = "1h"

[policy.approval]
"users:*" = { by = ["lead"], expires = "2h" }
"mfa:reset" = { by = ["lead"], expires = "2h" }
"orgs:manage" = { by = ["lead@example.com"], expires = "2h" }
`

// ticketing answers changes with answers of its own, and counts them.
type ticketing struct {
	next    http.RoundTripper
	mu      sync.Mutex
	answers []func(r *http.Request) (*http.Response, error) // one after the other; the last for all that follow
	sent    int
}

func (t *ticketing) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return t.next.RoundTrip(r)
	}
	t.mu.Lock()
	answer := t.answers[min(t.sent, len(t.answers)-1)]
	t.sent++
	t.mu.Unlock()
	return answer(r)
}

func answering(status int, body string) func(r *http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func newTicketing(t *testing.T, answers ...func(r *http.Request) (*http.Response, error)) (*desk, *ticketing) {
	t.Helper()
	d := newDesk(t, agreeing)
	tenant := &ticketing{next: d.tenantStub, answers: answers}
	d.o.Transport = tenant
	return d, tenant
}

const (
	ticketPath = "/api/v2/tickets/password-change"
	ticketBody = `{"user_id":"auth0|ann","ttl_sec":3600}`
	secretLink = "https://tenant.example/u/reset?ticket=canary#"
)

// agreed makes a request for a ticket that the lead agreed to.
func agreed(t *testing.T, d *desk) string {
	t.Helper()
	id := wantApproval(t, d, "POST", ticketPath, ticketBody, "X-Usher-Reason", "called+back")
	if got := d.ask(t, "lead", "POST", decide+id+"/approve", ""); got.status != 200 {
		t.Fatalf("agreeing: %d %s", got.status, got.body)
	}
	return id
}

// row is an approval as the list tells an operator of it.
func (d *desk) row(t *testing.T, as, id string) map[string]any {
	t.Helper()
	list, _ := d.ask(t, as, "GET", "/usher/v1/approvals", "").json["approvals"].([]any)
	for _, a := range list {
		if m, _ := a.(map[string]any); m["id"] == id {
			return m
		}
	}
	return nil
}

func TestASecretIsForWhoAskedAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ path, body, answer string }{
		"a password link":     {ticketPath, ticketBody, `{"ticket":"canary"}`},
		"a verification link": {"/api/v2/tickets/email-verification", `{"user_id":"auth0|ann"}`, `{"ticket":"canary"}`},
		"an enrolment link":   {"/api/v2/guardian/enrollments/ticket", `{"user_id":"auth0|ann"}`, `{"ticket_id":"canary","ticket_url":"canary"}`},
		"a recovery code":     {ann + "/recovery-code-regeneration", ``, `{"recovery_code":"canary"}`},
		"an invitation":       {"/api/v2/organizations/org_acme/invitations", `{"inviter":{"name":"Op"},"invitee":{"email":"vera@example.com"},"client_id":"c"}`, `{"id":"i","invitation_url":"canary","ticket_id":"canary"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, tenant := newTicketing(t, answering(201, c.answer))
			id := wantApproval(t, d, "POST", c.path, c.body, "X-Usher-Reason", "called+back")
			if got := d.ask(t, "op", "POST", decide+id+"/take", ""); got.code != "usher_decided" {
				t.Errorf("taken before anybody agreed: %d %s", got.status, got.body)
			}
			got := d.ask(t, "lead", "POST", decide+id+"/approve", "")
			if got.status != 200 || strings.Contains(got.body, "canary") || tenant.sent != 0 {
				t.Fatalf("agreeing: %d %s, %d sent", got.status, got.body, tenant.sent)
			}
			if r := d.row(t, "op", id); r["state"] != "agreed" || r["may_take"] != true || r["may_deny"] != true || r["handover"] != true || r["decided_by_email"] != "lead@example.com" {
				t.Errorf("the requester reads %v", r)
			}
			if r := d.row(t, "lead", id); r["may_take"] != false || r["may_decide"] != false || r["may_deny"] != true {
				t.Errorf("the approver reads %v", r)
			}
			for _, who := range []string{"lead", "other"} {
				if got := d.ask(t, who, "POST", decide+id+"/take", ""); got.status != 403 || got.code != "usher_policy" {
					t.Errorf("%s takes it: %d %s", who, got.status, got.body)
				}
			}
			if got = d.ask(t, "op", "POST", decide+id+"/take", ""); got.status != 201 || !strings.Contains(got.body, "canary") || tenant.sent != 1 {
				t.Fatalf("taken: %d %s, %d sent", got.status, got.body, tenant.sent)
			}
			if got = d.ask(t, "op", "POST", decide+id+"/take", ""); got.status != 409 || got.code != "usher_decided" || tenant.sent != 1 {
				t.Errorf("taken again: %d %s, %d sent", got.status, got.body, tenant.sent)
			}
			for _, who := range []string{"op", "lead"} {
				if r := d.row(t, who, id); r["state"] != "taken" || r["result"] != "made" || strings.Contains(fmt.Sprint(r), "canary") {
					t.Errorf("%s reads at the end %v", who, r)
				}
			}
			if strings.Contains(d.journal.data.String(), "canary") {
				t.Error("the secret is in the journal")
			}
			made := d.intents("op@example.com")
			if len(made) != 1 || made[0].ApproverEmail != "lead@example.com" || !strings.Contains(made[0].Note, id) || made[0].Reason != "called back" {
				t.Errorf("the journal has of the requester %+v", made)
			}
			if said := d.intents("lead@example.com"); len(said) != 1 || !strings.Contains(said[0].Note, "agrees to approval "+id+" of op@example.com") {
				t.Errorf("the journal has of the approver %+v", said)
			}
		})
	}
}

func (d *desk) intents(email string) []journal.Entry {
	return slices.DeleteFunc(d.journal.entries(), func(e journal.Entry) bool { return e.Step != journal.StepIntent || e.Email != email })
}

func TestOfTwoWhoTakeAtOnceOneDoes(t *testing.T) {
	t.Parallel()
	d, tenant := newTicketing(t, answering(201, `{"ticket":"`+secretLink+`"}`))
	id := agreed(t, d)
	var wait sync.WaitGroup
	answers := make([]said, 8)
	for i := range answers {
		wait.Go(func() { answers[i] = d.ask(t, "op", "POST", decide+id+"/take", "") })
	}
	wait.Wait()
	links := 0
	for _, a := range answers {
		if strings.Contains(a.body, "canary") {
			links++
		} else if a.code != "usher_decided" {
			t.Errorf("who comes second reads %d %s", a.status, a.body)
		}
	}
	if links != 1 || tenant.sent != 1 {
		t.Errorf("%d links, %d tickets", links, tenant.sent)
	}
}

func TestATakeIsForWhatIsStillSo(t *testing.T) {
	t.Parallel()
	kept := func(d *desk) *journal.Approval { return &d.approvals.all[0] }
	for _, c := range []struct {
		name   string
		change func(d *desk)
		status int
		code   string
		says   string
	}{
		{"nothing changed", func(*desk) {}, 201, "", "canary"},
		{"the approver's sign-in counted when they agreed", func(d *desk) {
			d.clock.After(90 * time.Minute)
			op := d.people["op"]
			op.AuthTime = d.clock.Now()
			d.people["op"] = op
		}, 201, "", "canary"},
		{"the requester's sign-in is old", func(d *desk) { d.clock.After(90 * time.Minute) }, 403, "usher_fresh_login", "sign in again"},
		{"its time is over", func(d *desk) { d.clock.After(2*time.Hour + time.Second) }, 409, "usher_decided", ""},
		{"the approver is blocked", func(d *desk) { d.users["auth0|lead"]["blocked"] = true }, 403, "usher_policy", "whoever approved this is blocked"},
		{"the approver is gone", func(d *desk) { delete(d.users, "auth0|lead") }, 403, "usher_policy", "whoever approved this is blocked or gone"},
		{"the approver may no more", func(d *desk) { d.permissions["auth0|lead"] = []string{"users:read"} }, 403, "usher_permission", "whoever approved this may not do this any more: they lack the permission users:password"},
		{"the approver is no lead any more", func(d *desk) {
			d.tenantStub.roles["auth0|lead"] = []string{"rol_desk"}
			d.clock.After(2 * time.Minute)
		}, 403, "usher_policy", "whoever approved this may not"},
		{"the requester is blocked", func(d *desk) { d.users["auth0|op"]["blocked"] = true }, 403, "usher_policy", "whoever asked for this is blocked"},
		{"the requester may no more", func(d *desk) { d.permissions["auth0|op"] = []string{"users:read"} }, 403, "usher_permission", "you lack the permission users:password"},
		{"the requester's new token says less", func(d *desk) {
			op := d.people["op"]
			op.Permissions = []string{"users:read"}
			d.people["op"] = op
		}, 403, "usher_permission", "you lack the permission users:password"},
		{"the requester is on the desk no more", func(d *desk) {
			d.tenantStub.roles["auth0|op"] = nil
			d.clock.After(2 * time.Minute)
		}, 403, "usher_policy", "no policy"},
		{"the user is an operator by now", func(d *desk) {
			d.permissions["auth0|ann"] = []string{"users:delete", "roles:manage"}
			op := d.people["op"]
			op.Permissions = []string{"users:password"}
			d.people["op"] = op
		}, 403, "usher_policy", ""},
		{"another is written into the store", func(d *desk) { kept(d).DecidedBy = "auth0|boss" }, 503, "usher_approval", "changed in its store"},
		{"it is about another in the store", func(d *desk) { kept(d).Target = "auth0|ivo" }, 503, "usher_approval", "changed in its store"},
		{"it asks for something else in the store", func(d *desk) { kept(d).Query = "x=y" }, 503, "usher_approval", "changed in its store"},
		{"it is another action in the store", func(d *desk) { kept(d).Actions = []string{"users:read"} }, 503, "usher_approval", "changed in its store"},
		{"another email asked in the store", func(d *desk) { kept(d).RequesterEmail = "boss@example.com" }, 503, "usher_approval", "changed in its store"},
		{"its time was lengthened in the store", func(d *desk) { kept(d).ExpiresAt = kept(d).ExpiresAt.Add(time.Hour) }, 503, "usher_approval", "changed in its store"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, tenant := newTicketing(t, answering(201, `{"ticket":"`+secretLink+`"}`))
			id := agreed(t, d)
			c.change(d)
			got := d.ask(t, "op", "POST", decide+id+"/take", "")
			if got.status != c.status || got.code != c.code || !strings.Contains(got.body, c.says) || (tenant.sent == 1) != (c.code == "") {
				t.Errorf("%d %s, %d sent; want %d %s", got.status, got.body, tenant.sent, c.status, c.code)
			}
			if c.code != "" && kept(d).State != journal.ApprovalAgreed {
				t.Errorf("a refusal uses it up: it is %s", kept(d).State)
			}
		})
	}
}

// Who can write to the store can say there that somebody agreed. Nobody did.
func TestAnAgreementCannotBeWrittenIntoTheStore(t *testing.T) {
	t.Parallel()
	d, tenant := newTicketing(t, answering(201, `{"ticket":"`+secretLink+`"}`))
	id := wantApproval(t, d, "POST", ticketPath, ticketBody)
	a := &d.approvals.all[0]
	a.State, a.DecidedBy, a.DecidedByEmail, a.DecidedAt = journal.ApprovalAgreed, "auth0|lead", "lead@example.com", d.clock.Now()
	if got := d.ask(t, "op", "POST", decide+id+"/take", ""); got.status != 503 || tenant.sent != 0 {
		t.Errorf("%d %s, %d sent", got.status, got.body, tenant.sent)
	}
}

func TestWhatAFailedTakeLeaves(t *testing.T) {
	t.Parallel()
	made := answering(201, `{"ticket":"`+secretLink+`"}`)
	lost := func(*http.Request) (*http.Response, error) { return nil, errors.New("the line broke") }
	for _, c := range []struct {
		name          string
		first         func(r *http.Request) (*http.Response, error)
		state, result string
		again         int // what the second take is answered
		tickets       int // sent to the tenant, at most one of which is made
	}{
		{"the tenant says no", answering(404, `{"message":"The user does not exist.","errorCode":"inexistent_user"}`), "agreed", "refused", 201, 2},
		{"the tenant has a fault", answering(500, `{}`), "taken", "unknown", 409, 1},
		{"the tenant gives up waiting", answering(408, `{}`), "taken", "unknown", 409, 1},
		{"no answer came", lost, "taken", "unknown", 409, 1},
		{"the answer is none", func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 201, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{})), Request: r}, nil
		}, "taken", "unknown", 409, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, tenant := newTicketing(t, c.first, made)
			id := agreed(t, d)
			r := request(t.Context(), t, "POST", decide+id+"/take", "")
			r.Header.Set("Authorization", "Bearer op")
			res, err := d.Gateway.RoundTrip(r)
			switch {
			case c.result == "unknown" && err == nil && res.StatusCode < 400:
				t.Fatalf("it is answered with %d", res.StatusCode)
			case err == nil:
				_ = res.Body.Close()
			}
			if row := d.row(t, "op", id); row["state"] != c.state || row["result"] != c.result {
				t.Errorf("the requester reads %v", row)
			}
			if got := d.ask(t, "op", "POST", decide+id+"/take", ""); got.status != c.again || tenant.sent != c.tickets {
				t.Errorf("taken again: %d %s, %d sent", got.status, got.body, tenant.sent)
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the line broke") }

func TestWhatWasAgreedToCanBeTakenBack(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"op", "lead"} {
		d, tenant := newTicketing(t, answering(201, `{}`))
		id := agreed(t, d)
		if got := d.ask(t, who, "POST", decide+id+"/deny", ""); got.status != 200 {
			t.Fatalf("%s: %d %s", who, got.status, got.body)
		}
		if got := d.ask(t, "op", "POST", decide+id+"/take", ""); got.code != "usher_decided" || tenant.sent != 0 {
			t.Errorf("after %s ended it: %d %s", who, got.status, got.body)
		}
	}
}

func TestTheListSaysWhatIsAskedForAndWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t, agreeing)
	id := wantApproval(t, d, "PATCH", ann, `{"password":"`+password+`","user_metadata":{"tone":"warm"},"app_metadata":{"department":"it"}}`, "X-Usher-Reason", "moved")
	for _, who := range []string{"op", "lead"} {
		r := d.row(t, who, id)
		person, _ := r["person"].(map[string]any)
		if r["request"] != "PATCH users/{id}" || person["email"] != "ann@example.com" || fmt.Sprint(r["by"]) != "[lead]" || r["handover"] != false ||
			fmt.Sprint(r["fields"]) != "map[app_metadata:map[department:it] password:… user_metadata:map[tone:warm]]" ||
			fmt.Sprint(r["from"]) != "map[app_metadata:map[department:sales] user_metadata:map[tone:dry]]" || strings.Contains(fmt.Sprint(r), password) {
			t.Errorf("%s reads %v", who, r)
		}
	}
	if got := d.ask(t, "lead", "POST", decide+id+"/approve", ""); got.status != 200 {
		t.Fatalf("approved: %d %s", got.status, got.body)
	}
	if r := d.row(t, "op", id); r["state"] != "approved" || r["result"] != "made" || r["status"] != float64(200) || r["request"] != "PATCH users/{id}" {
		t.Errorf("the requester reads %v", r)
	}
	if made := d.intents("op@example.com"); len(made) != 1 || fmt.Sprint(made[0].From["user_metadata"]) != "map[tone:dry]" {
		t.Errorf("the journal does not know what was before: %+v", made)
	}
	// What is over keeps no password, not even sealed.
	var s sealed
	if err := d.seal.open(id, d.approvals.all[0].Sealed, &s); err != nil || len(s.Body) > 0 || s.What.Request == "" {
		t.Errorf("sealed is still %+v, %v", s, err)
	}
}

func TestNumbersKeepTheirDigitsWhileTheyWait(t *testing.T) {
	t.Parallel()
	d := newDesk(t, agreeing)
	const number = "12345678901234567890"
	wantApproval(t, d, "PATCH", ann, `{"app_metadata":{"contract":`+number+`}}`)
	if got := d.ask(t, "lead", "GET", "/usher/v1/approvals", ""); !strings.Contains(got.body, `"contract":`+number) {
		t.Errorf("the approver reads %s", got.body)
	}
}

func TestRolesAreNamedToWhoApproves(t *testing.T) {
	t.Parallel()
	d := newDesk(t, strings.ReplaceAll(agreeing, `"mfa:reset"`, `"roles:assign"`))
	id := wantApproval(t, d, "POST", ann+"/roles", `{"roles":["rol_partner"]}`)
	if r := d.row(t, "lead", id); fmt.Sprint(r["role_names"]) != "map[rol_partner:partner]" {
		t.Errorf("the approver reads %v", r)
	}
}

// A request that the requester's policies stopped allowing is refused before the approval is used up.
func TestAnApprovalIsNotSpentOnWhatIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t, agreeing)
	id := wantApproval(t, d, "DELETE", ann, "")
	d.tenantStub.roles["auth0|op"] = nil
	d.clock.After(2 * time.Minute)
	if got := d.ask(t, "lead", "POST", decide+id+"/approve", ""); got.status != 403 || !strings.Contains(got.body, "whoever asked for this may not do this any more") || len(d.sent) != 0 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if d.approvals.all[0].State != journal.ApprovalWaiting {
		t.Errorf("it is %s", d.approvals.all[0].State)
	}
}

func TestWhomApprovalsConcern(t *testing.T) {
	t.Parallel()
	for policies, want := range map[string]map[string]bool{
		agreeing: {"op": false, "lead": true, "other": false},
		strings.ReplaceAll(agreeing, `by = ["lead"]`, `by = ["op@*"]`):  {"op": true, "lead": true},
		"[[policy]]\nname = \"all\"\n":                                  {"op": false, "lead": false},
		strings.ReplaceAll(agreeing, `emails = ["*@example.com"]`, ""):  {"lead": true},
		strings.ReplaceAll(agreeing, "roles = [\"desk\"]\n", ""):        {"lead": true},
		strings.ReplaceAll(agreeing, `"lead@example.com"`, `"nobody@"`): {"lead": true, "op": false},
	} {
		d := newDesk(t, policies)
		for who, concerned := range want {
			if got := d.ask(t, who, "GET", "/usher/v1/me", ""); got.json["approves"] != concerned {
				t.Errorf("%s reads %s, want %v", who, got.body, concerned)
			}
		}
	}
}

func TestARefusalIsUnderTheEmailThatIsKnown(t *testing.T) {
	t.Parallel()
	d := newDesk(t, agreeing)
	d.users["auth0|op"]["email_verified"] = true
	d.people["op"] = policy.Operator{Subject: "auth0|op", Permissions: []string{"users:read"}}
	refused := func() journal.Entry {
		t.Helper()
		if got := d.ask(t, "op", "DELETE", ann, ""); got.code != "usher_permission" {
			t.Fatalf("%d %s", got.status, got.body)
		}
		all := d.journal.entries()
		return all[len(all)-1]
	}
	before := d.reads
	if e := refused(); e.Email != "" || d.reads != before {
		t.Errorf("at first the line says %q, after %d requests", e.Email, d.reads-before)
	}
	d.ask(t, "op", "GET", "/usher/v1/me", "") // asks the tenant who they are
	before = d.reads
	if e := refused(); e.Email != "op@example.com" || d.reads != before {
		t.Errorf("once it is known the line says %q, after %d requests", e.Email, d.reads-before)
	}
}

// No other answer to a request that a second operator carries out has a secret; should one have, nobody gets it.
func TestAnApproverReadsNoSecretWhateverTheAnswer(t *testing.T) {
	t.Parallel()
	d, tenant := newTicketing(t, answering(200, `{"user_id":"auth0|ann","made":[{"ticket":"canary","recovery_code":"canary"}]}`))
	id := wantApproval(t, d, "PATCH", ann, `{"name":"Ann"}`)
	got := d.ask(t, "lead", "POST", decide+id+"/approve", "")
	if got.status != 200 || tenant.sent != 1 || strings.Contains(got.body, "canary") || !strings.Contains(got.body, "auth0|ann") {
		t.Errorf("%d %s, %d sent", got.status, got.body, tenant.sent)
	}
}

func TestTwoOperatorsFarAway(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(r *http.Request) (*http.Response, error)
		status int
	}{
		"the link comes": {answering(201, `{"ticket":"`+secretLink+`"}`), 201},
		"nobody knows":   {func(*http.Request) (*http.Response, error) { return nil, errors.New("the line broke") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, tenant := newTicketing(t, c.answer)
			id := wantApproval(t, d, "POST", ticketPath, ticketBody)
			remote := remoteTo(t, serve(t, d.Gateway, nil), nil)
			far := func(as, verb string) (*http.Response, error) {
				r := request(t.Context(), t, "POST", decide+id+"/"+verb, "")
				r.Header.Set("Authorization", "Bearer "+as)
				return remote.RoundTrip(r)
			}
			if res, err := far("lead", "approve"); err != nil || res.StatusCode != 200 || res.Body.Close() != nil {
				t.Fatalf("agreeing: %v, %v", res, err)
			}
			res, err := far("op", "take")
			if c.status == 0 {
				if !errors.Is(err, ErrOutcomeUnknown) || d.row(t, "op", id)["result"] != "unknown" {
					t.Errorf("taken: %v, %v", res, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil || res.Body.Close() != nil || res.StatusCode != c.status || !strings.Contains(string(body), "canary") || tenant.sent != 1 {
				t.Errorf("taken: %d %s, %v", res.StatusCode, body, err)
			}
		})
	}
}

func TestNoMoreWaitsThanCanBeDecided(t *testing.T) {
	t.Parallel()
	d := newDesk(t, agreeing)
	for range mostWaiting {
		wantApproval(t, d, "PATCH", ann, `{"nickname":"a"}`)
	}
	refused := func(body string) {
		t.Helper()
		got := d.ask(t, "op", "PATCH", ann, body)
		if got.status != 403 || got.code != "usher_approval" || got.json["approval"] != nil || len(d.approvals.all) > mostWaiting || len(d.sent) != 0 {
			t.Errorf("%d %s, %d wait", got.status, got.body, len(d.approvals.all))
		}
	}
	refused(`{"nickname":"a"}`)
	first := d.approvals.all[0].ID
	if got := d.ask(t, "op", "POST", decide+first+"/deny", ""); got.status != 200 {
		t.Fatalf("taken back: %d %s", got.status, got.body)
	}
	d.approvals.all = d.approvals.all[1:10]
	wantApproval(t, d, "PATCH", ann, `{"nickname":"b"}`)
	d.approvals.all[1].Sealed = make([]byte, mostSealed)
	refused(`{"nickname":"c"}`)
}

func TestAnAnswerThatIsNoJSONTellsTheApproverNothing(t *testing.T) {
	t.Parallel()
	res, err := answering(200, "ticket="+secretLink)(request(t.Context(), t, "PATCH", ann, "{}"))
	if err != nil {
		t.Fatal(err)
	}
	if res, err = withhold(res); err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || strings.TrimSpace(string(body)) != "{}" {
		t.Errorf("%d %s, %v", res.StatusCode, body, err)
	}
}
