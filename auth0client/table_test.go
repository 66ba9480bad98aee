package auth0client_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/gateway/policy"
)

// gate asks the gateway's table about every request of the client.
type gate struct {
	mu    sync.Mutex
	table *policy.Table
	seen  int
	fails []string
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	op := policy.Operator{Subject: "auth0|op"}
	for _, a := range policy.Actions() {
		op.Permissions = append(op.Permissions, string(a))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen++
	if !strings.HasPrefix(r.URL.Path, "/usher/") {
		if _, err := g.table.Decide(op, policy.Request{
			Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, ContentType: r.Header.Get("Content-Type"), Body: body,
		}); err != nil {
			g.fails = append(g.fails, r.Method+" "+r.URL.RequestURI()+" "+string(body)+": "+err.Error())
		}
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{}`)), Request: r}, nil
}

// TestEveryRequestOfTheClientIsInTheGatewaysTable keeps the two from growing apart: what the client sends and the table does
// not know would be refused.
func TestEveryRequestOfTheClientIsInTheGatewaysTable(t *testing.T) {
	t.Parallel()
	const id, role, org = auth0client.UserID("saml|a/b%c@x"), auth0client.RoleID("rol_1"), auth0client.OrgID("org_1")
	roles, users, ref := []auth0client.RoleID{role}, []auth0client.UserID{id}, auth0client.PermissionRef{API: "https://api.example/", Name: "a:b"}
	refs := []auth0client.PermissionRef{ref}
	for name, call := range map[string]func(context.Context, *auth0client.Client){
		"search": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.SearchUsers(ctx, auth0client.Search{Query: "ada", PerPage: 50, Sort: auth0client.Sort{Field: "name", Desc: true}})
		},
		"find": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.Find(ctx, auth0client.Finding{Typed: "auth0|1 Ada@example.com +420123456789", PerPage: 50, More: []string{"app_metadata"}})
			_, _ = c.Find(ctx, auth0client.Finding{Role: role, From: "x", PerPage: 50, Filter: `NOT blocked:true`})
			_ = c.Everybody(ctx, auth0client.Finding{Filter: `organization_id:"org_1"`}, 10, func([]auth0client.User) {})
		},
		"user":         func(ctx context.Context, c *auth0client.Client) { _, _ = c.User(ctx, id) },
		"by email":     func(ctx context.Context, c *auth0client.Client) { _, _ = c.UsersByEmail(ctx, "a+b@example.com") },
		"block":        func(ctx context.Context, c *auth0client.Client) { _, _ = c.SetBlocked(ctx, id, true) },
		"blocks":       func(ctx context.Context, c *auth0client.Client) { _, _ = c.UserBlocks(ctx, id) },
		"clear blocks": func(ctx context.Context, c *auth0client.Client) { _ = c.ClearUserBlocks(ctx, id) },
		"update": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.UpdateUser(ctx, id, auth0client.Change{"name": "x", "user_metadata": map[string]any{"a": 1}}, auth0client.Unchanged{"name": "y"})
		},
		"create": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.CreateUser(ctx, auth0client.Change{"connection": "db", "email": "a@example.com"})
		},
		"delete":     func(ctx context.Context, c *auth0client.Client) { _ = c.DeleteUser(ctx, id) },
		"link":       func(ctx context.Context, c *auth0client.Client) { _ = c.LinkIdentity(ctx, id, "auth0", "2") },
		"unlink":     func(ctx context.Context, c *auth0client.Client) { _ = c.UnlinkIdentity(ctx, id, "auth0", "a/b") },
		"code":       func(ctx context.Context, c *auth0client.Client) { _, _ = c.NewRecoveryCode(ctx, id) },
		"ip":         func(ctx context.Context, c *auth0client.Client) { _, _ = c.IPBlocked(ctx, "2001:db8::1") },
		"unblock ip": func(ctx context.Context, c *auth0client.Client) { _ = c.UnblockIP(ctx, "192.0.2.1") },
		"risk":       func(ctx context.Context, c *auth0client.Client) { _ = c.ClearRisk(ctx, id, "db") },
		"mail":       func(ctx context.Context, c *auth0client.Client) { _ = c.ResetEmail(ctx, id) },
		"factors":    func(ctx context.Context, c *auth0client.Client) { _, _ = c.Factors(ctx) },
		"methods":    func(ctx context.Context, c *auth0client.Client) { _, _ = c.AuthenticationMethods(ctx, id) },
		"method": func(ctx context.Context, c *auth0client.Client) {
			_ = c.DeleteAuthenticationMethod(ctx, id, "totp|dev_1")
		},
		"browsers":   func(ctx context.Context, c *auth0client.Client) { _ = c.ForgetBrowsers(ctx, id) },
		"logs of":    func(ctx context.Context, c *auth0client.Client) { _, _ = c.UserLogs(ctx, id, 0, 50) },
		"logs":       func(ctx context.Context, c *auth0client.Client) { _, _ = c.Logs(ctx, "type:f", 0, 50) },
		"logs after": func(ctx context.Context, c *auth0client.Client) { _, _ = c.LogsAfter(ctx, "900", 50) },
		"effective roles": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.EffectiveRoles(ctx, id)
			_, _ = c.RoleGroups(ctx, id, role)
			_, _ = c.UserGroups(ctx, id)
		},
		"effective permissions": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.EffectivePermissions(ctx, id, ref.API)
			_, _ = c.PermissionRoles(ctx, id, ref)
		},
		"permissions": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.UserPermissions(ctx, id)
			_ = c.GrantPermissions(ctx, id, refs)
			_ = c.WithdrawPermissions(ctx, id, refs)
		},
		"jobs": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.Job(ctx, "job_1")
			_, _ = c.JobFailures(ctx, "job_1")
			_, _ = c.ImportUsers(ctx, auth0client.Import{Users: strings.NewReader(`[{"email":"a@example.com"}]`), Connection: "con_1", Upsert: true, External: "x"})
			_, _ = c.ExportUsers(ctx, auth0client.Export{CSV: true, Limit: 5, Fields: []string{"email"}, Connection: "con_1"})
			_, _ = c.SendVerification(ctx, id)
		},
		"organizations": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.UserOrganizations(ctx, id)
			_, _ = c.Organizations(ctx, "next")
			_, _ = c.OrgMembers(ctx, org, "next")
			_ = c.AddOrgMembers(ctx, org, users)
			_ = c.RemoveOrgMembers(ctx, org, users)
			_, _ = c.MemberRoles(ctx, org, id)
			_ = c.AssignMemberRoles(ctx, org, id, roles)
			_ = c.RemoveMemberRoles(ctx, org, id, roles)
			_, _ = c.OrgConnections(ctx, org)
		},
		"invitations": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.Invitations(ctx, org)
			_, _ = c.InviteMember(ctx, org, auth0client.Invite{Email: "a@example.com", Inviter: "x", Application: "c", Roles: roles, Lifetime: time.Hour, Send: true})
			_ = c.RevokeInvitation(ctx, org, "uinv_1")
		},
		"roles": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.Roles(ctx)
			_, _ = c.UserRoles(ctx, id)
			_ = c.AssignRoles(ctx, id, roles)
			_ = c.RemoveRoles(ctx, id, roles)
			_, _ = c.Role(ctx, role)
			_, _ = c.CreateRole(ctx, "n", "d")
			_, _ = c.UpdateRole(ctx, role, "n", "d")
			_ = c.DeleteRole(ctx, role)
			_, _ = c.RoleMembers(ctx, role, "next")
			_ = c.AssignToUsers(ctx, role, users)
			_, _ = c.RolePermissions(ctx, role)
			_ = c.AddRolePermissions(ctx, role, refs)
			_ = c.RemoveRolePermissions(ctx, role, refs)
			_, _ = c.GroupsOfRole(ctx, role)
		},
		"sessions": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.Sessions(ctx, id)
			_ = c.EndSession(ctx, "s")
			_, _ = c.RefreshTokens(ctx, id)
			_ = c.RevokeRefreshToken(ctx, "r")
			_, _ = c.DeviceCredentials(ctx, id)
			_ = c.RevokeDevice(ctx, "d")
			_, _ = c.Grants(ctx, id)
			_ = c.RevokeGrant(ctx, "g")
			_, _ = c.SignOutEverywhere(ctx, id)
		},
		"tenant": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.Connections(ctx)
			_, _ = c.APIs(ctx)
			_, _ = c.Applications(ctx)
			_, _ = c.DailyStats(ctx, time.Now().Add(-time.Hour), time.Now())
			_, _ = c.ActiveUsers(ctx)
		},
		"links": func(ctx context.Context, c *auth0client.Client) {
			_, _ = c.PasswordLink(ctx, id, time.Hour)
			_, _ = c.VerificationLink(ctx, id, time.Hour)
			_, _ = c.EnrolmentLink(ctx, id, true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &gate{table: policy.NewTable()}
			c, err := auth0client.New(auth0client.Options{Domain: "tenant.example", HTTP: &http.Client{Transport: g}})
			if err != nil {
				t.Fatal(err)
			}
			call(t.Context(), c)
			if g.seen == 0 {
				t.Error("nothing was sent")
			}
			for _, f := range g.fails {
				t.Error(f)
			}
		})
	}
}
