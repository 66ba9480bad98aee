package ui

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/ui/view"
)

type roleJSON struct{ ID, Name, Description string }

// role finds a role of the tenant by name, past usher.
func (f *office) role(name string) roleJSON {
	f.t.Helper()
	var all struct{ Roles []roleJSON }
	f.look("GET", "roles?include_totals=true&per_page=100", "", &all)
	for _, r := range all.Roles {
		if r.Name == name {
			return r
		}
	}
	return roleJSON{}
}

func (f *office) permissionsOf(role string) []string {
	f.t.Helper()
	var ps []struct {
		Name string `json:"permission_name"`
	}
	f.look("GET", "roles/"+role+"/permissions", "", &ps)
	var out []string
	for _, p := range ps {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return out
}

func (f *office) user(email string) auth0client.User {
	f.t.Helper()
	us, err := f.client.UsersByEmail(f.t.Context(), email)
	if err != nil || len(us) == 0 {
		f.t.Fatalf("%s: %v", email, err)
	}
	return us[0]
}

func TestTheLifeOfARole(t *testing.T) {
	t.Parallel()
	f := openOffice(t)
	const odd = `Q"A", day; 'n' night`
	f.play(":", "' Roles", "enter", "> Order desk", "n", "> New role", "' "+odd, "enter", "' Odd but wanted", "enter", "enter", "> Create role", "y", "> The role is made", "enter", "> "+odd)
	made := f.role(odd)
	if made.Description != "Odd but wanted" {
		t.Fatalf("made %+v", made)
	}
	f.requests()
	f.play("@ "+odd, "enter", "> Nobody has this role directly", "2", "> The role gives no permission", "+", "> Add permissions to", "/", "' orders", "enter",
		"@ read:orders", "space", "@ refund:orders", "space", "enter", "> + refund:orders", "y", "> 2 permissions are added", "enter", "> refund:orders")
	if got := f.permissionsOf(made.ID); !slices.Equal(got, []string{"read:orders", "refund:orders"}) {
		t.Fatalf("it gives %v", got)
	}
	f.play("@ refund:orders", "-", "> loses this", "y", "> 1 permission is removed", "enter", "> 2 Permissions 1")
	if got := f.permissionsOf(made.ID); !slices.Equal(got, []string{"read:orders"}) {
		t.Fatalf("it gives %v", got)
	}
	writes := 0
	for _, r := range f.requests() {
		if !strings.HasPrefix(r, "GET ") {
			writes++
		}
	}
	if writes != 2 {
		t.Errorf("%d writes for one adding and one removing", writes)
	}
	ada := f.user("ada@example.com")
	if s := f.look("POST", "roles/"+made.ID+"/users", `{"users":["`+string(ada.ID)+`"]}`, nil); s != http.StatusOK {
		t.Fatalf("assigning answers %d", s)
	}
	f.play("1", "R", "> ada@example.com", "D", "> 1 person holds it directly and loses 1 permission", "wait", "y")
	if f.role(odd).ID == "" {
		t.Fatal("y alone deleted it")
	}
	f.play("ctrl+u", "' "+odd, "enter", "> [Delete role]", "wait", "enter", "> The role is deleted", "enter", "> Users › Roles", "> 12 roles")
	if f.role(odd).ID != "" {
		t.Error("it is still there")
	}
}

func TestTheListCountsWhatIsInSight(t *testing.T) {
	t.Parallel()
	f := openOffice(t)
	for i := range 80 {
		name := "Extra " + string(rune('a'+i/26)) + string(rune('a'+i%26))
		if s := f.look("POST", "roles", `{"name":"`+name+`"}`, nil); s != http.StatusOK {
			t.Fatalf("making a role answers %d", s)
		}
	}
	f.do(view.OpenRoles{})
	f.await("92 roles")
	f.play("> Auditor")
	for range 200 {
		if !strings.Contains(f.flat(), "⋯") {
			break
		}
		_, cmd := f.app.Update(<-f.msgs)
		f.run(cmd)
	}
	counts := func() (n int) {
		for _, r := range f.requests() {
			if strings.HasPrefix(r, "GET /api/v2/roles/") {
				n++
			}
		}
		return n
	}
	if n := counts(); n == 0 || n > 2*35 {
		t.Errorf("%d requests counted the roles in sight", n)
	}
	f.play("/", "' billing", "enter", "> 1 of 92 roles")
	if n := counts(); n > 2 {
		t.Errorf("%d requests for one row more", n)
	}
}

func TestAccessIsExplainedAndGiven(t *testing.T) {
	t.Parallel()
	f := openOffice(t)
	who := f.user("mona.many@example.com")
	path := "users/" + url.PathEscape(string(who.ID))
	f.look("DELETE", path+"/roles", `{"roles":["`+f.role("Billing lead").ID+`","`+f.role("Accountant").ID+`","`+f.role("Auditor").ID+`"]}`, nil)
	f.requests()
	f.do(view.OpenAccess{User: who})
	f.play("> read:orders")
	if got := f.requests(); len(got) > 4 {
		t.Errorf("opening it asked %v", got)
	}
	f.play("@ refund:orders", "enter", "> Why may they refund:orders?", "> refund:orders ← role Refund desk ← assigned to them", "esc",
		"2", "> void:invoices", "@ void:invoices", "enter", "> What would give void:invoices?", "> role Billing lead", "> Looked at all", "enter", "> Assign role", "y", "> The role is assigned", "enter")
	var roles []roleJSON
	f.look("GET", path+"/roles?per_page=100", "", &roles)
	if !slices.ContainsFunc(roles, func(r roleJSON) bool { return r.Name == "Billing lead" }) {
		t.Errorf("the roles are %v", roles)
	}
	f.play("> 1 May", "1", "+", "> Grant", "/", "' reports", "enter", "@ export:reports", "space", "enter", "> + export:reports", "y", "> 1 permission is granted", "enter", "@ export:reports", "> direct")
	var direct []struct {
		Name string `json:"permission_name"`
	}
	f.look("GET", path+"/permissions?per_page=100", "", &direct)
	if !slices.ContainsFunc(direct, func(p struct {
		Name string `json:"permission_name"`
	}) bool {
		return p.Name == "export:reports"
	}) {
		t.Errorf("the permissions are %v", direct)
	}
	f.play("-", "> Withdraw from", "y", "> 1 permission is withdrawn", "enter")
}

func TestAccessWithoutTheEffectiveEndpoints(t *testing.T) {
	t.Parallel()
	f := openOffice(t)
	f.deny = []string{"/effective-roles"} // those of the user, and the sources of a permission
	f.do(view.OpenAccess{User: f.user("mona.many@example.com")})
	f.play("> read:orders", "> What comes through groups is not among this", "@ refund:orders", "enter", "> ← role Refund desk")
}

func TestMembersAndInvitationsOfAnOrganization(t *testing.T) {
	t.Parallel()
	f := openOffice(t)
	var orgs []struct{ ID, Name string }
	f.look("GET", "organizations", "", &orgs)
	id := ""
	for _, o := range orgs {
		if o.Name == "tailspin" {
			id = o.ID
		}
	}
	members := func() (out []string) {
		var answer struct {
			Members []struct {
				ID string `json:"user_id"`
			}
		}
		f.look("GET", "organizations/"+id+"/members?take=100", "", &answer)
		for _, m := range answer.Members {
			out = append(out, m.ID)
		}
		return out
	}
	who, before := f.user("hugo.huge@example.com"), len(members())
	f.play(":", "' Organizations", "enter", "> Tailspin Toys", "@ Tailspin Toys", "enter", "> 1 Members", "+", "> Emails or ids", "' nobody@example.net", "enter", "enter",
		"> no user is nobody@example.net", "up", "ctrl+u", "' hugo.huge@example.com", "enter", "enter", "> Make members of Tailspin Toys", "wait", "y", "> 1 member is added", "enter")
	if got := members(); len(got) != before+1 || !slices.Contains(got, string(who.ID)) {
		t.Fatalf("the members are %v", got)
	}
	f.play("R", "@ hugo.huge@example.com", "r", "> in Tailspin Toys", "@ Refund desk", "space", "enter", "> Refund desk", "y", "> Refund desk Hugo Huge")
	var roles []roleJSON
	f.look("GET", "organizations/"+id+"/members/"+url.PathEscape(string(who.ID))+"/roles", "", &roles)
	if len(roles) != 1 || roles[0].Name != "Refund desk" {
		t.Errorf("the roles there are %v", roles)
	}
	f.play("> Refund desk Hugo Huge", "@ hugo.huge@example.com", "-", "> the roles they have there (1)", "y", "> 1 member is removed", "enter")
	if got := members(); len(got) != before {
		t.Errorf("the members are %v", got)
	}
}

func TestAnInvitationIsMadeShownOnceAndRevoked(t *testing.T) {
	t.Parallel()
	f := openOffice(t)
	var orgs []struct{ ID, Name string }
	f.look("GET", "organizations", "", &orgs)
	f.do(view.OpenOrganization{ID: auth0client.OrgID(orgs[0].ID)})
	f.play("> 1 Members", "2", "> Invited", "n", "> for which application?", "> organizations cannot sign in to it", "@ Shop", "enter", "> They sign in to Shop", "' no address", "enter", "enter", "right", "enter", "enter", "enter",
		"> That is no email", "shift+tab", "shift+tab", "shift+tab", "shift+tab", "ctrl+u", "' vera.visitor@example.org", "enter", "enter", "enter", "enter", "enter",
		"> Which roles does vera.visitor@example.org get", "> 12 of 12 shown", "@ Order desk", "space", "enter", "> It is good for 1 day", "y", "> Invitation link", "> https://shop.example/login")
	var open []struct {
		ID      string
		Invitee struct{ Email string }
		Roles   []string
	}
	f.look("GET", "organizations/"+orgs[0].ID+"/invitations", "", &open)
	i := slices.IndexFunc(open, func(i struct {
		ID      string
		Invitee struct{ Email string }
		Roles   []string
	}) bool {
		return i.Invitee.Email == "vera.visitor@example.org"
	})
	if i < 0 || !slices.Equal(open[i].Roles, []string{f.role("Order desk").ID}) {
		t.Fatalf("the invitations are %v", open)
	}
	f.play("enter", "> vera.visitor@example.org")
	if strings.Contains(f.flat(), "shop.example") {
		t.Error("the link is still there")
	}
	f.play("@ vera.visitor@example.org", "-", "> stops working", "y", "> The invitation is revoked", "enter")
	n := len(open)
	if f.look("GET", "organizations/"+orgs[0].ID+"/invitations", "", &open); len(open) != n-1 {
		t.Errorf("%d invitations, want %d", len(open), n-1)
	}
}

func TestARoleThatWasDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	f := openOffice(t)
	r := f.role("Moderator")
	f.do(view.OpenRole{ID: auth0client.RoleID(r.ID)})
	f.play("> 1 Members", "2", "> moderate:reviews")
	f.look("DELETE", "roles/"+r.ID, "", nil)
	f.play("@ moderate:reviews", "-", "> loses this", "y", "> It does not exist (any more)", "enter", "R", "> The role no longer exists", "D", "> The role no longer exists", "esc", "> Users")
}
