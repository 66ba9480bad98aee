package lucene_test

import (
	"reflect"
	"testing"

	"usher/auth0client/lucene"
)

func TestKeysNameWhatAnIndexCanAnswer(t *testing.T) {
	t.Parallel()
	key := func(field, value string) lucene.Key { return lucene.Key{Field: field, Value: value} }
	start := func(field, value string) lucene.Key { return lucene.Key{Field: field, Value: value, Prefix: true} }
	group := func(keys ...lucene.Key) []lucene.Key { return keys }
	for _, c := range []struct {
		query string
		want  [][]lucene.Key
	}{
		{``, nil},
		{`*:*`, nil},
		{`email:"Ada@Example.com"`, [][]lucene.Key{group(key("email", "ada@example.com"))}},
		{`user_id:"auth0|AbC"`, [][]lucene.Key{group(key("user_id", "auth0|AbC"))}},
		{`user_id:auth0\|*`, [][]lucene.Key{group(start("user_id", "auth0|"))}},
		{`email:ADA*love*`, [][]lucene.Key{group(start("email", "ada"))}},
		{`name:*ada*`, nil},
		{`blocked:true`, [][]lucene.Key{group(key("blocked", "true"))}},
		{`email.domain:"X.com"`, [][]lucene.Key{group(key("email.domain", "x.com"))}},
		{`logins_count:5`, nil},
		{`created_at:2018-01-15`, nil},
		{`app_metadata.plan:gold`, nil},
		{`_exists_:email`, nil},
		{`NOT email:a`, nil},
		{`email:a AND NOT blocked:true`, [][]lucene.Key{group(key("email", "a"))}},
		{`identities.connection:"db" AND organization_id:"org_1" AND logins_count:[1 TO 5]`,
			[][]lucene.Key{group(key("identities.connection", "db")), group(key("organization_id", "org_1"))}},
		{`name:("A" OR "B")`, [][]lucene.Key{group(key("name", "a"), key("name", "b"))}},
		{`email:a OR logins_count:5`, nil},
		{`(email:a OR email:b) AND username:c OR phone_number:"+1"`,
			[][]lucene.Key{group(key("username", "c"), key("phone_number", "+1"))}},
		{`+email:a name:b -name:c`, [][]lucene.Key{group(key("email", "a"))}},
		{`email:a name:b -name:c`, [][]lucene.Key{group(key("email", "a"), key("name", "b"))}},
		{`-name:c -name:d`, nil},
		{`Ada`, [][]lucene.Key{group(key("email", "ada"), key("name", "ada"), key("given_name", "ada"), key("family_name", "ada"),
			key("nickname", "ada"), key("username", "Ada"), key("user_id", "Ada"), key("phone_number", "Ada"))}},
	} {
		q, err := lucene.Parse(c.query)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.query, err)
			continue
		}
		if got := q.Keys(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("Parse(%q).Keys() = %v, want %v", c.query, got, c.want)
		}
	}
	logs, err := lucene.ParseLogs(`user_id:"auth0|1" AND type:s*`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := logs.Keys(), [][]lucene.Key{group(key("user_id", "auth0|1")), group(start("type", "s"))}; !reflect.DeepEqual(got, want) {
		t.Errorf("the keys of a log search: %v, want %v", got, want)
	}
}
