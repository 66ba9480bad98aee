package auth0client

import (
	"regexp"
	"slices"
	"strings"

	"usher/auth0client/lucene"
)

// keys are what a typed or pasted line says exactly.
type keys struct {
	ids    []UserID
	emails []string
	phones []string
}

func (k keys) empty() bool { return len(k.ids)+len(k.emails)+len(k.phones) == 0 }

// keysOf picks ids, emails and phone numbers out of a line.
func keysOf(line string) (k keys) {
	whole := unlinked(strings.TrimPrefix(strings.TrimPrefix(line, "mailto:"), "tel:"))
	switch {
	case idShape().MatchString(whole) && !strings.Contains(whole, "://"):
		k.ids = []UserID{UserID(whole)}
		for _, part := range strings.Split(whole, "|") { // or a row of something, with bars between
			if emailShape().MatchString(part) && !knownID().MatchString(whole) {
				k.emails = append(k.emails, part)
			}
		}
		return k
	case emailShape().MatchString(whole) && !strings.ContainsAny(whole, `<>,;:()|`):
		k.emails = []string{whole}
		return k
	}
	rest := unlinked(line)
	for _, m := range knownID().FindAllString(rest, mostKeys) {
		rest = strings.Replace(rest, m, " ", 1)
		if id := UserID(strings.TrimRight(m, ".,;:!?'")); !slices.Contains(k.ids, id) {
			k.ids = append(k.ids, id)
		}
	}
	for _, m := range emailInText().FindAllString(rest, mostKeys) {
		rest = strings.Replace(rest, m, " ", 1)
		m = strings.Trim(strings.TrimPrefix(m, "mailto:"), ".,;:!?'")
		if emailShape().MatchString(m) && !slices.Contains(k.emails, m) {
			k.emails = append(k.emails, m)
		}
	}
	for _, m := range phoneInText().FindAllStringSubmatch(rest, mostKeys) {
		if p := phone(m[1]); p != "" && !slices.Contains(k.phones, p) {
			k.phones = append(k.phones, p)
		}
	}
	return k
}

// phone is a number as Auth0 keeps it, "+" and digits; empty when it is none.
func phone(s string) string {
	digits := onlyDigits(s)
	if !strings.HasPrefix(strings.TrimSpace(s), "+") {
		digits = strings.TrimPrefix(digits, "00")
	}
	if len(digits) < 5 || len(digits) > 15 {
		return ""
	}
	return "+" + digits
}

// plan looks ids and emails up and searches for the rest: an id may be of a linked identity, an email of another case.
func (k keys) plan() Plan {
	p := Plan{IDs: k.ids, Exact: true, Late: len(k.ids) > 0 && len(k.emails)+len(k.phones) == 0}
	var any []string
	for _, id := range k.ids {
		if provider, rest, ok := strings.Cut(string(id), "|"); ok {
			any = append(any, "(identities.provider:"+lucene.Quote(provider)+" AND identities.user_id:"+lucene.Quote(rest)+")")
		}
	}
	for _, e := range k.emails {
		for _, form := range []string{e, strings.ToLower(e)} {
			if !slices.Contains(p.Emails, form) {
				p.Emails = append(p.Emails, form)
			}
		}
		any = append(any, "email:"+lucene.Quote(e))
	}
	for _, n := range k.phones {
		any = append(any, "phone_number:"+lucene.Quote(n))
	}
	p.Query = strings.Join(any, " OR ")
	return p
}

// knownID is an id by a provider that Auth0 has.
func knownID() *regexp.Regexp {
	return regexp.MustCompile(`\b(?:ad|adfs|amazon|apple|auth0|auth0-adldap|auth0-oidc|baidu|bitbucket|bitly|box|custom|daccount|dropbox|dwolla|email|` +
		`evernote|evernote-sandbox|exact|facebook|fitbit|flickr|github|google-apps|google-oauth2|instagram|ip|line|linkedin|oauth1|oauth2|office365|` +
		`oidc|okta|paypal|paypal-sandbox|pingfederate|planningcenter|salesforce|salesforce-community|salesforce-sandbox|samlp|sharepoint|shop|` +
		`shopify|sms|soundcloud|thirtysevensignals|twitter|untappd|vkontakte|waad|weibo|windowslive|wordpress|yahoo|yandex)\|[^\s"<>,;)\]]+`)
}

func emailInText() *regexp.Regexp {
	return regexp.MustCompile(`(?:"[^"@]+"|[^\s@"<>()\[\],;:|=]+)@[^\s@"<>()\[\],;:|/?&#']+\.[^\s@"<>()\[\],;:|/?&#']+`)
}

func phoneInText() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[\s(:;,|<=])((?:\+|00)[0-9][0-9 ().\-/]{3,24}[0-9])`)
}
