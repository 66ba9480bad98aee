package auth0client

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"usher/auth0client/lucene"
)

// Lookup is a field by which users are known elsewhere, such as a customer number. Typing "name:key", or the key alone,
// finds everybody who has it.
type Lookup struct {
	Name string // as typed: "crm"
	Path string // Auth0's name: "app_metadata.external_id"
}

// Finding is what an operator looks for.
type Finding struct {
	Typed   string            // an email, name, phone number, id, pasted line, or Auth0's syntax; empty lists everybody
	Lookups []Lookup          // of the profile
	Names   map[string]string // other names for fields in Auth0's syntax, such as those of custom fields
	Filter  string            // what must hold as well: clauses of Auth0's syntax joined by AND. With it only the search is asked
	Role    RoleID            // only those who hold it, which no query can ask for
	From    string            // with Role: Next of the page before
	Sort    Sort
	Page    int      // from 0
	PerPage int      // at most 100
	More    []string // attributes to read beside those of the list, such as "app_metadata"
}

// FoundPage is one page of an answer to a Finding.
type FoundPage struct {
	UserPage
	Exact  bool   // asked for by an id, email, phone number or foreign key, not by words
	Next   string // with Role: where the next page begins, empty at the end
	Missed error  // the search failed; what the look-ups beside it found is there
}

// Plan is how a Finding is looked up.
type Plan struct {
	IDs    []UserID // read one by one, exactly and at once
	Emails []string // looked up one by one, exactly and at once; Auth0 compares them with case
	Query  string   // of the search, which is eventually consistent
	Late   bool     // search only when the look-ups find nobody
	Exact  bool
}

// mostKeys bounds how many ids and emails of a pasted text are looked up.
const mostKeys = 6

// PlanFor chooses how to look a Finding up.
func PlanFor(f Finding) Plan {
	typed := strings.Join(strings.Fields(f.Typed), " ")
	names := f.names()
	k := keysOf(typed)
	p := Plan{}
	switch q, named := byName(typed, names); {
	case typed == "":
	case named:
		p = Plan{Query: q, Exact: f.isLookup(typed)}
	case isQuery(typed, names, k):
		q := renamed(typed, names)
		if p = clause(q); !p.Exact {
			p.Query = q
		}
	case !k.empty():
		p = k.plan()
	default:
		p.Query, p.Exact = wordsOrKeys(typed, f.Lookups)
	}
	if f.Filter == "" && f.Role == "" {
		return p
	}
	return Plan{Query: both(searched(p), f.Filter), Exact: p.Exact}
}

// searched is a plan as one query, for when look-ups would pass a filter by.
func searched(p Plan) string {
	if p.Query != "" && !p.Late {
		return p.Query
	}
	var any []string
	for _, id := range p.IDs {
		any = append(any, "user_id:"+lucene.Quote(string(id)))
	}
	if p.Query != "" {
		any = append(any, p.Query)
	}
	return strings.Join(any, " OR ")
}

// both is a query that holds where a and b hold. b is clauses joined by AND, and stays outside of brackets: a NOT alone in
// brackets finds nobody in Lucene.
func both(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return "(" + a + ") AND " + b
}

// names are the other names of fields, in lower case, with what they stand for.
func (f Finding) names() map[string]string {
	out := map[string]string{"connection": "identities.connection", "id": "user_id", "phone": "phone_number"}
	for from, to := range f.Names {
		out[strings.ToLower(from)] = to
	}
	for _, l := range f.Lookups {
		out[strings.ToLower(l.Name)] = l.Path
	}
	return out
}

func (f Finding) isLookup(typed string) bool {
	name, _, _ := strings.Cut(typed, ":")
	return slices.ContainsFunc(f.Lookups, func(l Lookup) bool { return strings.EqualFold(l.Name, name) })
}

// byName makes a query of "crm:12345", whatever characters the key has.
func byName(typed string, names map[string]string) (string, bool) {
	name, key, ok := strings.Cut(typed, ":")
	path, known := names[strings.ToLower(name)]
	key = strings.TrimSpace(key)
	if !ok || !known || key == "" || strings.ContainsAny(key, `"*`) || strings.ContainsAny(key[:1], "([{") ||
		regexp.MustCompile(` (AND|OR|NOT) | [A-Za-z_][\w.]*:\S`).MatchString(key) {
		return "", false
	}
	if path == "user_id" {
		return "", false // has a look-up of its own
	}
	return path + ":" + lucene.Quote(key), true
}

// renamed puts Auth0's names of fields in the place of others, outside quotes.
func renamed(q string, names map[string]string) string {
	parts := strings.Split(q, `"`)
	for i := 0; i < len(parts); i += 2 {
		parts[i] = fieldShape().ReplaceAllStringFunc(parts[i], func(m string) string {
			at := strings.IndexFunc(m, func(r rune) bool { return r == '_' || unicode.IsLetter(r) })
			name := strings.TrimSuffix(m[at:], ":")
			if path, ok := names[strings.ToLower(name)]; ok {
				return m[:at] + path + ":"
			}
			return m
		})
	}
	return strings.Join(parts, `"`)
}

func fieldShape() *regexp.Regexp { return regexp.MustCompile(`(?:^|[\s(+!-])[A-Za-z_][\w.-]*:`) }

// clause takes a query of one email or id to its look-up.
func clause(q string) Plan {
	m := regexp.MustCompile(`^(email|user_id):"?([^"*]+)"?$`).FindStringSubmatch(q)
	switch {
	case m == nil:
	case m[1] == "email" && emailShape().MatchString(m[2]):
		return keys{emails: []string{m[2]}}.plan()
	case m[1] == "user_id" && idShape().MatchString(m[2]):
		return keys{ids: []UserID{UserID(m[2])}}.plan()
	}
	return Plan{}
}

// isQuery reports that typed is Auth0's syntax. A line that holds an email, id or phone number is one that was pasted, unless
// it names a field that exists.
func isQuery(typed string, names map[string]string, k keys) bool {
	if k.empty() {
		return isSyntax(typed)
	}
	if strings.HasPrefix(typed, "NOT ") || strings.HasPrefix(typed, "(") {
		return isSyntax(typed)
	}
	for _, m := range fieldShape().FindAllStringIndex(typed, -1) {
		name := strings.ToLower(strings.TrimLeft(strings.TrimSuffix(typed[m[0]:m[1]], ":"), " (+!-"))
		_, ours := names[name]
		if m[1] < len(typed) && typed[m[1]] != ' ' && (ours || searchable(name)) {
			_, err := lucene.Parse(renamed(typed, names))
			return err == nil
		}
	}
	return false
}

// SearchFields are the attributes that Auth0 searches, for completion. Metadata and identities go deeper.
//
// Source: https://auth0.com/docs/manage-users/user-search/user-search-query-syntax
func SearchFields() []string {
	return []string{
		"app_metadata.", "blocked", "created_at", "email", "email.domain", "email_verified", "family_name", "given_name", "identities.connection",
		"identities.provider", "identities.user_id", "last_ip", "last_login", "logins_count", "name", "nickname", "organization_id", "phone_number",
		"phone_verified", "updated_at", "user_id", "user_metadata.", "username",
	}
}

func searchable(name string) bool {
	name = strings.TrimPrefix(name, "_exists_")
	for _, root := range []string{"app_metadata.", "user_metadata.", "identities."} {
		if strings.HasPrefix(name, root) {
			return true
		}
	}
	return name == "" || slices.Contains(SearchFields(), name)
}

// wordsOrKeys makes a query of words, any of which may be a foreign key, or the end of a phone number.
func wordsOrKeys(typed string, lookups []Lookup) (q string, exact bool) {
	words := strings.Fields(typed)
	var any []string
	for _, w := range words {
		if len(words) > 1 && (len(w) < 4 || !strings.ContainsFunc(w, unicode.IsDigit)) {
			continue // a word of a sentence
		}
		for _, l := range lookups {
			any = append(any, l.Path+":"+lucene.Quote(strings.Trim(w, "#.,;:()")))
		}
	}
	if len(any) > maxWords*2 {
		any = nil
	}
	if digits := strings.TrimLeft(onlyDigits(typed), "0"); len(digits) >= 6 && numberShape().MatchString(typed) {
		any = append(any, "phone_number:*"+digits)
	}
	plain := PlainQuery(typed)
	if len(any) == 0 || plain == "" {
		return plain, false
	}
	if len(words) > 1 {
		plain = "(" + plain + ")"
	}
	return strings.Join(append([]string{plain}, any...), " OR "), false
}

func numberShape() *regexp.Regexp { return regexp.MustCompile(`^[0-9][0-9 ().\-/]*$`) }

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// unlinked undoes what a link does to an address or an id.
func unlinked(s string) string {
	if strings.Contains(s, "%7C") || strings.Contains(s, "%7c") || strings.Contains(s, "%40") {
		if plain, err := url.PathUnescape(s); err == nil {
			return plain
		}
	}
	return s
}
