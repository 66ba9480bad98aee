package auth0client

import (
	"net/http"
	"strings"
	"testing"
)

func TestARoleIsCountedByTwoRequestsOfOneRow(t *testing.T) {
	t.Parallel()
	tn := newTenant(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/users") {
			says(200, `{"users":[{"user_id":"a|1"}],"total":"1234"}`)(w, r)
			return
		}
		says(200, `{"permissions":[],"total":7}`)(w, r)
	})
	got, err := tn.RoleCounts(t.Context(), "rol_a/b")
	if err != nil || got != (RoleCounts{1234, 7}) {
		t.Errorf("counted %v, %v", got, err)
	}
	for _, r := range tn.requests() {
		if !strings.HasPrefix(r.path, "/api/v2/roles/rol_a%2Fb/") || !strings.Contains(r.query, "per_page=1") || !strings.Contains(r.query, "include_totals=true") {
			t.Errorf("asked %s?%s", r.path, r.query)
		}
	}
	if n := len(tn.requests()); n != 2 {
		t.Errorf("%d requests", n)
	}
	if _, err := tn.RoleCounts(t.Context(), ".."); err == nil || len(tn.requests()) != 2 {
		t.Errorf("no id: %v", err)
	}
	silent := newTenant(t, says(200, `[]`))
	if got, err := silent.RoleCounts(t.Context(), "rol_1"); err != nil || got != (RoleCounts{-1, -1}) {
		t.Errorf("without totals %v, %v", got, err)
	}
}

func TestOrganizationsAreReadByIDAndByName(t *testing.T) {
	t.Parallel()
	tn := newTenant(t, says(200, `{"id":"org_1","name":"acme","display_name":"Acme\u001b[2J"}`))
	one, err := tn.Organization(t.Context(), "org_1")
	if err != nil || one.ID != "org_1" || one.Label().String() != "Acme␛[2J" {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err = tn.OrganizationNamed(t.Context(), "ac/me"); err != nil {
		t.Error(err)
	}
	if got := tn.requests()[1].path; got != "/api/v2/organizations/name/ac%2Fme" {
		t.Errorf("asked %s", got)
	}
	if _, err = tn.OrganizationNamed(t.Context(), ""); err == nil {
		t.Error("no name is looked for")
	}
	if (Organization{ID: "org_1"}).Label().String() != "org_1" {
		t.Error("an organization without names has no label")
	}
}

func TestApplicationsSayWhetherOrganizationsSignIn(t *testing.T) {
	t.Parallel()
	tn := newTenant(t, says(200, `{"clients":[{"client_id":"a","name":"A","organization_usage":"require"},{"client_id":"b","name":"B","organization_usage":"deny"},{"client_id":"c","name":"C"}]}`))
	apps, err := tn.Applications(t.Context())
	if err != nil || len(apps) != 3 || !apps[0].ForOrganizations || apps[1].ForOrganizations || apps[2].ForOrganizations {
		t.Errorf("%+v, %v", apps, err)
	}
}
