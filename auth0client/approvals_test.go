package auth0client

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/auth0client/term"
)

func TestAnApprovalIsReadWhateverItHolds(t *testing.T) {
	t.Parallel()
	tenant := newTenant(t, says(200, `{"approvals":[
		{"id":"A1","state":"waiting","requested_at":"2026-03-04T11:00:00Z","expires_at":"2026-03-04T13:00:00Z","requester":"auth0|op","requester_email":"op\u001b[2J@example.com","via":"console",
		 "actions":["users:edit","users:password"],"target":"auth0|ann","reason":"moved\u202e","request":"PATCH users/{id}",
		 "fields":{"name":"Ann\u001b[1m","password":"…","blocked":true,"user_metadata":{"n":12345678901234567890,"tone":"warm"}},
		 "from":{"name":"An","user_metadata":{"tone":null}},"person":{"name":"Ann","email":"ann@example.com"},"by":["lead","*@x.example"],"mine":false,"may_decide":true,"may_deny":"true","may_take":null},
		{"id":"A2","state":"taken","result":"made","status":"201","actions":null,"requester":"auth0|op","decided_by":"auth0|lead","decided_at":"2026-03-04T11:30:00Z","taken_at":"2026-03-04T11:40:00Z",
		 "target":"auth0|ann","fields":{"user_id":"auth0|ann","roles":["rol_1","rol_2",7]},"role_names":{"rol_1":"Editor\u001b]0;x\u0007"},"handover":true,"mine":true},
		{"id":7,"fields":{"roles":{"odd":1},"user_id":"auth0|other"},"from":null,"person":null,"by":null},
		null],"now":"x"}`))
	all, err := tenant.Approvals(t.Context())
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	changes := func(a Approval) (out []string) {
		for _, c := range a.Changes {
			out = append(out, fmt.Sprintf("%s:%s>%s:%v", c.Name, c.From, c.To, c.Known))
		}
		return out
	}
	a := all[0]
	if a.ID != "A1" || a.State != ApprovalWaiting || a.Requester.String() != "op␛[2J@example.com" || a.RequesterID != "auth0|op" || a.Person.String() != "ann@example.com" ||
		!a.ExpiresAt.Equal(noon.Add(time.Hour)) || strings.Contains(a.Reason.String(), "\u202e") || len(a.By) != 2 || !a.MayDecide || !a.MayDeny || a.MayTake || a.Mine || len(a.Actions) != 2 {
		t.Errorf("the first is %+v", a)
	}
	if got := changes(a); !slices.Equal(got, []string{"blocked:null>true:false", "name:An>Ann␛[1m:true", "password:null>…:false", "user_metadata.n:null>12345678901234567890:false", "user_metadata.tone:null>warm:true"}) {
		t.Errorf("it changes %q", got)
	}
	a = all[1]
	if a.State != ApprovalTaken || a.Result != ResultMade || a.Status != 201 || a.Decider.String() != "auth0|lead" || !a.Handover || !a.Mine || a.TakenAt.IsZero() || !a.DecidedAt.Equal(noon.Add(-30*time.Minute)) {
		t.Errorf("the second is %+v", a)
	}
	if got := changes(a); !slices.Equal(got, []string{"roles:>Editor␛]0;x␇, rol_2, :false"}) {
		t.Errorf("it changes %q", got)
	}
	if got := changes(all[2]); all[2].ID != "7" || !slices.Equal(got, []string{"roles.odd:null>1:false", "user_id:null>auth0|other:false"}) {
		t.Errorf("the third is %+v", all[2])
	}
}

func TestDecidingSaysWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	tenant := newTenant(t, says(200, `{"approval":{"id":"A1","state":"agreed"}}`))
	if agreed, err := tenant.Approve(t.Context(), "A1"); err != nil || !agreed {
		t.Errorf("agreed to: %v, %v", agreed, err)
	}
	if got := tenant.requests()[0]; got.method != "POST" || got.path != "/usher/v1/approvals/A1/approve" || got.body != "" {
		t.Errorf("asked %+v", got)
	}
	tenant = newTenant(t, says(200, `{"user_id":"auth0|ann"}`))
	if agreed, err := tenant.Approve(t.Context(), "A1"); err != nil || agreed {
		t.Errorf("made: %v, %v", agreed, err)
	}
	tenant = newTenant(t, says(204, ``))
	if agreed, err := tenant.Approve(t.Context(), "A1"); err != nil || agreed {
		t.Errorf("made without an answer: %v, %v", agreed, err)
	}
	if err := tenant.Deny(t.Context(), "A/../1"); err != nil {
		t.Errorf("denied: %v", err)
	}
	if got := tenant.requests()[1]; got.path != "/usher/v1/approvals/A%2F..%2F1/deny" {
		t.Errorf("asked %+v", got)
	}
	if err := tenant.Deny(t.Context(), ".."); !errors.As(err, new(*Invalid)) {
		t.Errorf("an id that is none: %v", err)
	}
	tenant = newTenant(t, says(409, `{"message":"this approval was decided already, or has expired","errorCode":"usher_decided"}`))
	_, err := tenant.Approve(t.Context(), "A1")
	if a, ok := AnswerOf(err); !errors.As(err, new(*Decided)) || !ok || a.Code.String() != "usher_decided" {
		t.Errorf("decided already: %v", err)
	}
}

func TestWhatIsTakenIsASecret(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"ticket":"https://x/t#"}`: "https://x/t#", `{"ticket_id":"i","ticket_url":"https://x/e"}`: "https://x/e",
		`{"recovery_code":"ABCD"}`: "ABCD", `{"id":"i","invitation_url":"https://x/i","ticket_id":"t"}`: "https://x/i",
	} {
		tenant := newTenant(t, says(201, body))
		got, err := tenant.Take(t.Context(), "A1")
		if err != nil || got.Reveal() != want || strings.Contains(fmt.Sprintf("%v %+v %#v", got, got, got), want) {
			t.Errorf("%s gives %v, %v", body, got, err)
		}
	}
	for _, body := range []string{``, `{}`, `{"ticket":null}`, `[1]`, `<html>`} {
		tenant := newTenant(t, says(201, body))
		if got, err := tenant.Take(t.Context(), "A1"); !errors.As(err, new(*Unknown)) || !got.IsEmpty() {
			t.Errorf("%q gives %v, %v", body, got, err)
		}
	}
}

func TestWhatWaitsSaysWhoMayApprove(t *testing.T) {
	t.Parallel()
	tenant := newTenant(t, says(403, `{"message":"Ask another","errorCode":"usher_approval","approval":"A1","expires_at":"2026-03-04T13:00:00Z","by":["lead","*@x\u001b.example",null]}`))
	_, err := tenant.PasswordLink(t.Context(), "auth0|1", 0)
	var waits *ApprovalPending
	if !errors.As(err, &waits) || !slices.Equal(waits.By, []term.Safe{term.Line("lead"), term.Line("*@x\x1b.example"), {}}) {
		t.Errorf("%+v", waits)
	}
}
