package auth0client

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestAPolicyJudgesFieldsOfMetadataByTheirFirstLevel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ me, path, says string }{
		{`{"raw_json":true}`, "app_metadata.contract.id", ""},
		{`{"raw_json":true,"fields":["app_metadata.contract"]}`, "app_metadata.contract.id", ""},
		{`{"raw_json":true,"fields":["app_metadata"]}`, "app_metadata.contract.id", ""},
		{`{"raw_json":true,"fields":["name"]}`, "app_metadata.contract.id", "does not let you write it"},
		{`{"raw_json":true,"hidden":["app_metadata.contract.secret"]}`, "app_metadata.contract.id", "hides it"},
		{`{"raw_json":true,"hidden":["app_metadata"]}`, "app_metadata.contract.id", "hides it"},
		{`{"raw_json":true,"hidden":["app_metadata.contracts"]}`, "app_metadata.contract.id", ""},
		{`{"raw_json":false}`, "app_metadata.plan", "only its own fields"},
		{`{"raw_json":false,"custom_fields":[{"label":"Plan","path":"app_metadata.plan"}]}`, "app_metadata.plan", ""},
		{`{"raw_json":false,"custom_fields":[{"label":"Plan","path":"app_metadata.plan","where":["list"]}]}`, "app_metadata.plan", "only its own fields"},
		{`{"raw_json":false,"custom_fields":[{"label":"C","path":"app_metadata.contract.no","where":["edit"]}]}`, "app_metadata.contract.id", ""},
	} {
		var me Me
		if err := json.Unmarshal([]byte(c.me), &me); err != nil {
			t.Fatal(err)
		}
		if got := me.UnwritableField(c.path); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %s is kept by %q, want %q", c.me, c.path, got, c.says)
		}
	}
}
