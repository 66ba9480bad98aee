package lucene_test

import (
	"encoding/json"
	"testing"

	"usher/auth0client/lucene"
)

func document(t testing.TB, text string) lucene.Document {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("test document: %v", err)
	}
	return lucene.MapDocument(m)
}

// listed hides that a document is a map, so that the way through Values is taken.
type listed struct{ d lucene.Document }

func (l listed) Values(path string) []any { return l.d.Values(path) }

const janeProfile = `{
	"user_id": "auth0|5f7c8ec7c33c6c004bbafe82",
	"email": "Jane@ExampleCo.com",
	"email_verified": false,
	"name": "Jane Smith",
	"given_name": "JANE",
	"family_name": "Ünal",
	"nickname": "johnny1",
	"username": "test-user998",
	"phone_number": "+15551234567",
	"last_ip": "203.0.113.7",
	"logins_count": 100,
	"last_login": "2017-12-31T23:59:59.999Z",
	"updated_at": "2018-01-15T10:00:00.000Z",
	"created_at": "2018-01-15T00:00:00Z",
	"organization_id": ["org_a", "org_b"],
	"identities": [{"connection": "google-oauth2", "isSocial": true}, {"connection": "acme-db"}],
	"user_metadata": {
		"full_name": "Example Name",
		"display": {"preferredLanguage": "en", "fontSize": 13},
		"addresses": {"cities": ["Paris", "Seattle"]},
		"homes": [{"city": "Oslo"}, [{"city": "Rome"}]],
		"nothing": null, "none": [], "hollow": {"deep": {}}
	},
	"app_metadata": {
		"subscription": {"plan": "gold"},
		"facts": ["count_to_infinity_twice"],
		"accountDeletionDate": "2023-06-30"
	}
}`

func TestUserSearchMatches(t *testing.T) {
	t.Parallel()
	jane := document(t, janeProfile)
	for _, c := range []struct {
		says, query string
		want        bool
	}{
		{"an empty query finds everybody", ``, true},
		{"blanks are an empty query", " \t\n\u3000", true},
		{"star colon star finds everybody", `*:*`, true},
		{"a phrase compares without case on a name", `name:"JANE SMITH"`, true},
		{"a phrase is the whole value", `name:"jane"`, false},
		{"a word is the whole value", `name:smith`, false},
		{"an escaped blank is part of the word", `name:Jane\ Smith`, true},
		{"an unescaped blank ends the word", `name:Jane Smithy`, false},
		{"a group is of one field", `name:("example name" OR "jane smith")`, true},
		{"a field inside a group overrides it", `name:(nobody OR nickname:johnny1)`, true},
		{"a nickname folds", `nickname:"Johnny1"`, true},
		{"letters beyond ASCII fold", `family_name:ünAL`, true},
		{"letters beyond ASCII fold in wildcards", `family_name:*ÜNA*`, true},
		{"a username does not fold", `username:"Test-User998"`, false},
		{"a username is exact", `username:"test-user998"`, true},
		{"a hyphen within a word is literal", `username:test-user*`, true},
		{"a user id does not fold", `user_id:"AUTH0|5f7c8ec7c33c6c004bbafe82"`, false},
		{"a bar in a word may be escaped", `user_id:auth0\|*`, true},
		{"an email folds", `email:"jane@exampleco.COM"`, true},
		{"an at sign needs no quotes", `email:jane@exampleco.com*`, true},
		{"the domain of an email", `email.domain:"exampleco.com"`, true},
		{"the domain is not a suffix", `email.domain:co.com`, false},
		{"the domain takes wildcards", `email.domain:EXAMPLE*`, true},
		{"one of several identities", `identities.connection:"acme-db"`, true},
		{"no identity there", `identities.connection:"acme"`, false},
		{"an absent flag is not false", `blocked:false`, false},
		{"an absent flag is not true", `NOT blocked:true`, true},
		{"a flag is false", `email_verified:false`, true},
		{"a flag is not true", `email_verified:true`, false},
		{"one of several organizations", `organization_id:"org_b"`, true},
		{"a phone number", `phone_number:"+15551234567"`, true},
		{"an address with dots", `last_ip:203.0.113.7`, true},

		{"a prefix folds", `email:JANE*`, true},
		{"a contains of three letters", `name:*E\ S*`, true},
		{"a suffix of three letters", `name:*ITH`, true},
		{"a star in the middle", `name:j*h`, true},
		{"literals do not overlap", `nickname:johnny1*1`, false},
		{"literals keep their order", `name:j*ith*mi*`, false},
		{"several stars", `name:j*e*m*th`, true},
		{"a star in quotes is literal", `name:"jane*"`, false},
		{"a wildcard does not match a number", `logins_count:10*`, false},
		{"wildcards on app_metadata", `app_metadata.subscription.plan:gol*`, true},

		{"a range includes its ends", `logins_count:[100 TO 200]`, true},
		{"a range open above", `logins_count:[100 TO *]`, true},
		{"a range excludes its start", `logins_count:{100 TO *]`, false},
		{"a range excludes its end", `logins_count:[10 TO 100}`, false},
		{"a range open below", `logins_count:[* TO 10}`, false},
		{"numbers do not compare as text", `logins_count:[20 TO 1000]`, true},
		{"an open range is presence", `logins_count:[* TO *]`, true},
		{"an open range is no absence", `-blocked:[* TO *]`, true},
		{"a range does not find an absent field", `app_metadata.count:[0 TO 5]`, false},
		{"a number in quotes", `logins_count:"100"`, true},
		{"a number written otherwise", `logins_count:100.0`, true},

		{"a month includes its last moment", `last_login:[* TO 2017-12]`, true},
		{"a month before", `last_login:[* TO 2017-11]`, false},
		{"a year", `last_login:[2017 TO 2017]`, true},
		{"after a month", `last_login:{2017-12 TO *]`, false},
		{"before a month", `last_login:[* TO 2017-12}`, false},
		{"from the start of a day", `updated_at:[2018-01-15 TO *]`, true},
		{"after a day starts the day after", `updated_at:{2018-01-15 TO *]`, false},
		{"until the end of a day", `updated_at:[* TO 2018-01-15]`, true},
		{"before a day", `updated_at:[* TO 2018-01-15}`, false},
		{"midnight is of its day", `created_at:[2018-01-15 TO 2018-01-15]`, true},
		{"midnight is not of the day before", `created_at:[* TO 2018-01-14]`, false},
		{"midnight is not before its day", `created_at:[2018-01-14 TO 2018-01-15}`, false},
		{"a time of day", `updated_at:[2018-01-15T10 TO 2018-01-15T10:00]`, true},
		{"a time with a zone", `updated_at:[2018-01-15T11:00:00+01:00 TO 2018-01-15T11:00:00+01:00]`, true},
		{"a time in milliseconds", `updated_at:"2018-01-15T10:00:00.000Z"`, true},
		{"a day is a date's value", `updated_at:2018-01-15`, true},
		{"another day is not", `updated_at:2018-01-16`, false},
		{"dates of app_metadata", `app_metadata.accountDeletionDate:[* TO 2023-06-30]`, true},
		{"dates of app_metadata, before", `app_metadata.accountDeletionDate:[* TO 2023-06-30}`, false},
		{"words in a range", `name:[james TO JOHN]`, true},

		{"metadata is exact", `user_metadata.full_name:"Example Name"`, true},
		{"metadata does not fold", `user_metadata.full_name:"example name"`, false},
		{"a number in metadata", `user_metadata.display.fontSize:13`, true},
		{"an array in metadata", `user_metadata.addresses.cities:"Seattle"`, true},
		{"objects in an array", `user_metadata.homes.city:Oslo`, true},
		{"arrays in an array", `user_metadata.homes.city:Rome`, true},
		{"an array of app_metadata", `app_metadata.facts:"count_to_infinity_twice"`, true},
		{"a path ends before the value", `user_metadata.display:en`, false},
		{"a path goes past the value", `email.local:Jane`, false},

		{"a field is there", `_exists_:user_metadata.display.preferredLanguage`, true},
		{"an object is there", `_exists_:user_metadata.display`, true},
		{"null is not there", `_exists_:user_metadata.nothing`, false},
		{"an empty array is not there", `_exists_:user_metadata.none`, false},
		{"an object of nothing is not there", `_exists_:user_metadata.hollow`, false},
		{"an absent field is not there", `_exists_:blocked`, false},
		{"absent or false", `NOT _exists_:email_verified OR email_verified:false`, true},
		{"absent or zero", `NOT _exists_:blocked OR blocked:false`, true},
		{"neither absent nor zero", `NOT _exists_:logins_count OR logins_count:0`, false},
		{"several fields are there", `_exists_:(blocked OR email)`, true},

		{"AND wants both", `email:jane* AND blocked:true`, false},
		{"AND binds before OR", `email:jane* OR email:x AND blocked:true`, true},
		{"AND binds before OR on the left", `blocked:true AND email:x OR email:jane*`, true},
		{"side by side is OR", `blocked:true email:jane*`, true},
		{"a minus among others excludes", `email:jane* -nickname:johnny1`, false},
		{"a NOT among others excludes", `email:jane* NOT nickname:johnny1`, false},
		{"a plus among others is wanted", `+blocked:true email:jane*`, false},
		{"beside a plus the rest is optional", `+email:jane* blocked:true`, true},
		{"only exclusions", `-blocked:true -email:x`, true},
		{"signs for operators", `email:jane* && !blocked:true || email:x`, true},
		{"a lower-case operator is a word", `email:x and blocked:true`, false},
		{"parentheses", `(email:x OR email:jane*) AND (blocked:true OR name:jane*)`, true},
		{"never logged in", `-last_login:[* TO *] AND created_at:[2018 TO 2019] AND -blocked:true`, false},

		{"a bare word is a whole value", `JOHNNY1`, true},
		{"a bare word is no part of one", `johnny`, false},
		{"a bare prefix", `jane*`, true},
		{"a bare phrase", `"jane smith"`, true},
		{"a bare username does not fold", `TEST-USER998`, false},
		{"a bare phone number", `\+15551234567`, true},
		{"a bare word is not for metadata", `gold`, false},
		{"a bare word is not for addresses", `203.0.113.7`, false},
		{"an escaped keyword is a word", `name:\AND`, false},
		{"a unicode escape", `family_name:\u00dcnal`, true},
	} {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel()
			q, err := lucene.Parse(c.query)
			if err != nil {
				t.Fatalf("Parse(%q): %v", c.query, err)
			}
			if got := q.Match(jane); got != c.want {
				t.Errorf("%q matches a map: %v, want %v", c.query, got, c.want)
			}
			if got := q.Match(listed{jane}); got != c.want {
				t.Errorf("%q matches a list of values: %v, want %v", c.query, got, c.want)
			}
		})
	}
}

func TestLogSearchMatches(t *testing.T) {
	t.Parallel()
	entry := document(t, `{
		"log_id": "900", "date": "2018-12-31T23:00:00.000Z", "type": "sapi", "description": "Create a rule",
		"connection": "my-password-db", "client_name": "MyApp", "ip": "203.0.113.7", "user_id": "123",
		"user_name": "jane.w.smith", "user_agent": "Firefox"
	}`)
	for _, c := range []struct {
		says, query string
		want        bool
	}{
		{"an empty query finds every entry", ``, true},
		{"contains", `connection:*pass*`, true},
		{"a wildcard in the middle", `user_name:jane*smith`, true},
		{"equality", `user_id:"123"`, true},
		{"a prefix of one letter", `type:s*`, true},
		{"a word is the whole description", `description:rule`, false},
		{"a suffix of the description", `description:*rule`, true},
		{"names do not fold", `client_name:myapp`, false},
		{"wildcards do not fold", `description:*RULE`, false},
		{"both", `client_name:MyApp AND type:sapi`, true},
		{"one of several types", `type:(f OR fp OR sapi)`, true},
		{"December", `date:[2018-12 TO 2019-01-01}`, true},
		{"from a day on", `date:[2018-12-10 TO *]`, true},
		{"before a day", `date:[* TO 2018-12-19}`, false},
		{"between times of day", `date:[2018-12-31T22:00:00 TO 2018-12-31T23:00:01}`, true},
		{"a bare word finds the type", `sapi`, true},
		{"a bare word is not for user ids", `123`, false},
		{"a bare word is not for agents", `Firefox`, false},
	} {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel()
			q, err := lucene.ParseLogs(c.query)
			if err != nil {
				t.Fatalf("ParseLogs(%q): %v", c.query, err)
			}
			if got := q.Match(entry); got != c.want {
				t.Errorf("%q matches: %v, want %v", c.query, got, c.want)
			}
		})
	}
}
