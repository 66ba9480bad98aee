package localtenant

import (
	"slices"
	"testing"
)

func TestTheManagementAPIHasEveryScopeItsRoutesNeed(t *testing.T) {
	t.Parallel()
	known := managementScopes()
	for _, r := range endpoints() {
		for _, s := range slices.Concat(r.any, r.all) {
			if !slices.Contains(known, s) {
				t.Errorf("%s %v needs %s, which the API does not have", r.method, r.pattern, s)
			}
		}
	}
}
