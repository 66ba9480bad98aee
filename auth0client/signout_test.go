package auth0client

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestARefusalOfThePolicyIsNoPlanThatLacks signs somebody out: only where the plan has no such call are devices and grants
// taken away one by one instead.
func TestARefusalOfThePolicyIsNoPlanThatLacks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refusal  string
		fallback bool
	}{
		"a policy of the gateway":           {`{"statusCode":403,"errorCode":"usher_policy","message":"not this user"}`, false},
		"the operator's own account":        {`{"statusCode":403,"errorCode":"usher_self"}`, false},
		"a permission of usher":             {`{"statusCode":403,"errorCode":"usher_permission","permission":"sessions:revoke"}`, false},
		"a scope the gateway was not given": {`{"statusCode":403,"errorCode":"insufficient_scope"}`, false},
		"the tenant's plan":                 {`{"statusCode":403,"errorCode":"feature_not_enabled"}`, true},
	} {
		tenant := newTenant(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/revoke-access") {
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, c.refusal)
				return
			}
			_, _ = io.WriteString(w, `[]`)
		})
		_, err := tenant.SignOutEverywhere(t.Context(), ada)
		if fell := len(tenant.requests()) > 1; fell != c.fallback || (err == nil) != c.fallback {
			t.Errorf("%s: %d requests, %v", name, len(tenant.requests()), err)
		}
	}
}
