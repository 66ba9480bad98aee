package auth0client

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
)

// pagesOf answers with one of n rows' pages of at most so many, as Auth0 does: an array, or an object where totals are asked
// for.
func pagesOf(n, most int, key string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		page, _ := strconv.Atoi(q.Get("page"))
		size, _ := strconv.Atoi(q.Get("per_page"))
		size = min(size, most)
		part := []map[string]any{}
		for i := page * size; i < min(n, (page+1)*size); i++ {
			id := strconv.Itoa(i)
			part = append(part, map[string]any{"id": id, "client_id": id, "connection_id": id, "identifier": id})
		}
		var body any = part
		if q.Get("include_totals") == "true" {
			body = map[string]any{key: part, "start": page * size, "limit": size, "total": n}
		}
		_ = json.NewEncoder(w).Encode(body)
	}
}

// TestListsAreReadToTheirEnd: Auth0 gives at most 100 rows a request, some tenants 50 whatever is asked for, and tenants have
// more applications than that.
func TestListsAreReadToTheirEnd(t *testing.T) {
	ctx := context.Background()
	for name, list := range map[string]struct {
		key   string
		count func(*Client) (int, error)
		times int // how many lists are read
	}{
		"applications":       {"clients", func(c *Client) (int, error) { all, err := c.Applications(ctx); return len(all), err }, 1},
		"APIs":               {"resource_servers", func(c *Client) (int, error) { all, err := c.APIs(ctx); return len(all), err }, 1},
		"a user's orgs":      {"organizations", func(c *Client) (int, error) { all, err := c.UserOrganizations(ctx, "auth0|1"); return len(all), err }, 1},
		"devices, two kinds": {"device_credentials", func(c *Client) (int, error) { all, err := c.DeviceCredentials(ctx, "auth0|1"); return len(all), err }, 2},
		"grants":             {"grants", func(c *Client) (int, error) { all, err := c.Grants(ctx, "auth0|1"); return len(all), err }, 1},
		"invitations":        {"invitations", func(c *Client) (int, error) { all, err := c.Invitations(ctx, "org_1"); return len(all), err }, 1},
		"org connections":    {"enabled_connections", func(c *Client) (int, error) { all, err := c.OrgConnections(ctx, "org_1"); return len(all), err }, 1},
		"role permissions":   {"permissions", func(c *Client) (int, error) { all, err := c.RolePermissions(ctx, "rol_1"); return len(all), err }, 1},
	} {
		for _, rows := range []struct{ there, most, requests int }{{3, 100, 1}, {99, 100, 1}, {130, 100, 2}, {200, 100, 3}, {1000, 100, 10}, {30, 50, 1}, {50, 50, 2}, {120, 50, 3}, {1000, 50, 20}} {
			t.Run(name+" "+strconv.Itoa(rows.there)+" by "+strconv.Itoa(rows.most), func(t *testing.T) {
				c := newTenant(t, pagesOf(rows.there, rows.most, list.key))
				got, err := list.count(c.Client)
				if err != nil {
					t.Fatal(err)
				}
				if got != rows.there*list.times {
					t.Errorf("of %d rows %d were read", rows.there*list.times, got)
				}
				if asked := len(c.requests()); asked != rows.requests*list.times {
					t.Errorf("%d requests were sent, not %d", asked, rows.requests*list.times)
				}
			})
		}
	}
}
