package gateway

import (
	"encoding/json"
	"strings"
	"testing"

	"usher/auth0client/gateway/journal"
)

func TestTheJournalHoldsWhatAChangeReplaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, method, path, body, want string }{
		{"fields, an absent one as null", "PATCH", ann, `{"name":"x","nickname":"n"}`, `{"name":"ann","nickname":null}`},
		{"the keys of metadata that are touched", "PATCH", ann, `{"user_metadata":{"tone":"x","new":1}}`, `{"user_metadata":{"new":null,"tone":"dry"}}`},
		{"a number with its digits", "PATCH", ann, `{"app_metadata":{"salary":6}}`, `{"app_metadata":{"salary":5}}`},
		{"an email with its verification", "PATCH", ann, `{"email":"x@example.com","verify_email":false}`, `{"email":"ann@example.com","email_verified":null}`},
		{"never a password", "PATCH", ann, `{"password":"Correct-Horse-1"}`, `{}`},
		{"roles", "POST", ann + "/roles", `{"roles":["rol_customer"]}`, `{"roles":[]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, "")
			if got := d.ask(t, "op", c.method, c.path, c.body, BeforeHeader, "1"); got.status >= 300 {
				t.Fatalf("%d %s", got.status, got.body)
			}
			from := intents(d.journal.entries())[0].From
			if from == nil {
				from = map[string]any{}
			}
			got, err := json.Marshal(from)
			if err != nil || string(got) != c.want {
				t.Errorf("from %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

func intents(all []journal.Entry) (out []journal.Entry) {
	for _, e := range all {
		if e.Step == journal.StepIntent {
			out = append(out, e)
		}
	}
	return out
}

func TestOperatorsReadTheirOwnLinesWithoutThePermission(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	d.ask(t, "op", "PATCH", ann, `{"name":"by-op"}`)
	d.people["boss"] = d.people["lead"]
	if got := d.ask(t, "view", "GET", "/usher/v1/journal?mine=true", ""); got.status != 200 {
		t.Errorf("without journal:read: %d %s", got.status, got.body)
	}
	if got := d.ask(t, "boss", "GET", "/usher/v1/journal?mine=true", ""); got.status != 200 || strings.Contains(got.body, "by-op") {
		t.Errorf("somebody else's lines: %d %s", got.status, got.body)
	}
	if got := d.ask(t, "op", "GET", "/usher/v1/journal?mine=true&take=10", ""); got.status != 200 || !strings.Contains(got.body, "by-op") {
		t.Errorf("their own lines: %d %s", got.status, got.body)
	}
	for _, q := range []string{"?mine=false", "?mine=1", "?mine=true&mine=true"} {
		if got := d.ask(t, "op", "GET", "/usher/v1/journal"+q, ""); got.code != "usher_query" {
			t.Errorf("%s: %d %s", q, got.status, got.body)
		}
	}
}
