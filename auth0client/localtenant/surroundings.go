package localtenant

import (
	mathrand "math/rand/v2"
	"strings"
	"time"
)

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// furnishGroups sets up what a tenant has around its people: groups of the corporate directory with their roles, what each
// organization lets people in with, open and expired invitations, an address that attack protection blocks.
func (t *Tenant) furnishGroups() {
	r := mathrand.New(mathrand.NewPCG(t.opts.Seed, 0x67726f7570))
	made := t.born.AddDate(-1, -3, 0)
	corp, db := t.connectionNamed(corporate), t.connectionNamed(database)
	for i, x := range []struct {
		name  string
		roles []string
	}{{"Everyone", nil}, {"Finance", []string{"Accountant", "Auditor"}}, {"Support EMEA", []string{"Refund desk", "Order desk"}},
		{"Shop managers", []string{"Catalogue editor"}}, {"Contractors", nil}, {"Trust and Safety", []string{"Moderator"}}} {
		g := &group{ID: "grp_" + pick(r, 16, base58), Name: x.name, ExternalID: "cn=" + strings.ToLower(strings.ReplaceAll(x.name, " ", "-")),
			ConnectionID: corp.ID, Created: made.Add(time.Duration(i) * time.Hour), Updated: made.AddDate(0, i, 0)}
		t.groups.set(g.ID, g)
		var ids []string
		for _, name := range x.roles {
			ids = append(ids, t.roleNamed(name).ID)
		}
		if len(ids) > 0 {
			t.groupRoles.set(g.ID, ids)
		}
		if x.name == "Shop managers" {
			for _, o := range t.orgs.list()[:2] {
				t.orgGroupRoles.set(pairKey(o.ID, g.ID), []string{t.roleNamed("Order desk").ID})
			}
		}
	}
	shop := t.clients.at(shopClientID)
	shop.Settings = setUp(shop.Settings, map[string]any{"organization_usage": "allow", "initiate_login_uri": "https://shop.example/login"})
	t.clients.set(shop.ID, shop)
	for i, o := range t.orgs.list() {
		ways := []*orgConnection{{ConnectionID: db.ID, AssignMembership: yes(false), ShowAsButton: yes(true)}}
		if i == 1 {
			ways = append(ways, &orgConnection{ConnectionID: corp.ID, AssignMembership: yes(true), ShowAsButton: yes(true)})
		}
		t.orgConnections.set(o.ID, ways)
		t.orgDomains.set(o.ID, []*orgDomain{{ID: "ord_" + pick(r, 22, base58), Domain: o.Name + ".example", Status: "verified",
			Text: pick(r, 32, hexDigits), ForDiscovery: yes(true)}})
		var open []*invitation
		for n, who := range []string{"casey", "robin", "jamie"}[:1+i%3] {
			at := t.born.AddDate(0, 0, -9*n).Add(-5 * time.Hour).UTC().Truncate(time.Millisecond)
			open = append(open, &invitation{ID: "uinv_" + pick(r, 16, alnum), Org: o.ID, Client: shopClientID, Inviter: "Ada Admin",
				Invitee: who + "@" + o.Name + ".example", Ticket: secret(32, alnum), Created: at, Expires: at.Add(invitationLife * time.Second)})
		}
		t.invitations.set(o.ID, open)
	}
	t.ipBlocks.set("203.0.113.66", t.born.Add(-20*time.Hour))
}

// surround gives people what hangs on them beyond their records: groups, what they let applications have, keys of devices.
func (m *maker) surround() {
	r := mathrand.New(mathrand.NewPCG(m.opts.Seed, 0x7375727264))
	all := m.groups.list()
	for _, u := range m.users.all() {
		if u.Identities[0].Provider == "samlp" && len(all) > 0 {
			in := []groupMembership{{Group: all[0].ID, Since: u.Created}}
			if n := r.IntN(len(all) * 2); n > 0 && n < len(all) {
				in = append(in, groupMembership{Group: all[n].ID, Since: u.Created.Add(time.Hour)})
			}
			m.setGroups(u.ID, in)
		}
		if u.Logins == 0 {
			continue
		}
		if r.IntN(4) == 0 || u.ID == ShowcaseID {
			m.consents.set(u.ID, []*consent{{ID: pick(r, 24, hexDigits), Client: shopClientID, Audience: shopAPI,
				Scopes: []string{"openid", "profile", "email", "read:orders", "offline_access"}}})
		}
		if r.IntN(100) == 0 || u.ID == ShowcaseID {
			m.deviceKeys.set(u.ID, []*deviceKey{{ID: "dcr_" + pick(r, 16, alnum), Name: "Shop app", Device: pick(r, 32, hexDigits),
				Client: shopClientID, Value: pick(r, 64, hexDigits)}})
		}
	}
}
