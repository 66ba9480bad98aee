package policy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Policy is one [[policy]] of the gateway's configuration: who it applies to, whose people they may see, and what it leaves
// of their permissions. docs/policies.md describes every key.
type Policy struct {
	Name string `toml:"name"`

	// Who it applies to: every kind that is given must match. None: everyone.
	Roles       []string       `toml:"roles"`       // names of tenant roles, any of them
	Emails      []string       `toml:"emails"`      // with "*", any of them
	Permissions []string       `toml:"permissions"` // all of them
	Claims      map[string]any `toml:"claims"`      // all of them

	Users           string   `toml:"users"`            // whom: a filter in Auth0's search syntax
	Actions         []string `toml:"actions"`          // what: "users:*", "!users:delete"; absent: all
	Fields          []string `toml:"fields"`           // which fields they may write; absent: all
	Hidden          []string `toml:"hidden"`           // which fields they may not read
	RolesAssignable []string `toml:"roles_assignable"` // names, with "*"; absent: all
	Connections     []string `toml:"connections"`      // where they may create; absent: everywhere
	Memberships     []string `toml:"memberships"`      // organizations' names or ids they may put people in; absent: all
	RawJSON         *bool    `toml:"raw_json"`         // false: of the metadata only custom fields may be written

	Reason     any                 `toml:"reason"`      // "required", or a list of actions
	FreshLogin any                 `toml:"fresh_login"` // "10m", or a table of actions
	Approval   map[string]Approval `toml:"approval"`    // by action

	CustomDomain string            `toml:"custom_domain"` // of links and mails
	Create       Create            `toml:"create"`
	CustomFields []CustomField     `toml:"custom_field"`
	Wording      map[string]string `toml:"wording"` // the console's words

	reasons []string // actions
	fresh   map[string]time.Duration
}

// Approval is that a second operator must agree.
type Approval struct {
	By      []string `toml:"by" json:"by"` // names of tenant roles, or emails; with "*"
	Expires string   `toml:"expires" json:"expires,omitempty"`
}

// Within is how long a request waits for its approval: a day unless the policy says otherwise.
func (a Approval) Within() time.Duration {
	if d, err := time.ParseDuration(a.Expires); err == nil {
		return d
	}
	return 24 * time.Hour
}

// Create is how users are created.
type Create struct {
	Allowed *bool            `toml:"allowed"` // absent: true
	Stamp   map[string]any   `toml:"stamp"`   // path to value, whatever the operator sent
	Choices map[string][]any `toml:"choices"` // path to the values it may have
}

// CustomField is a field of the metadata that the console shows as one of its own.
type CustomField struct {
	Label string   `toml:"label" json:"label"`
	Path  string   `toml:"path" json:"path"`
	Where []string `toml:"where" json:"where,omitempty"` // list, detail, edit, create, search; absent: everywhere
}

// Set is the policies of a file, in its order. A nil Set is that there are none: permissions alone decide.
type Set struct {
	policies []Policy
	needs    needs
}

// needs is what must be known of an operator beyond their token.
type needs struct{ roles, metadata, email bool }

// NeedsRoles reports whether a policy asks which tenant roles an operator holds.
func (s *Set) NeedsRoles() bool { return s != nil && s.needs.roles }

// NeedsMetadata reports whether a policy asks for an operator's app_metadata.
func (s *Set) NeedsMetadata() bool { return s != nil && s.needs.metadata }

// NeedsEmail reports whether a policy asks for an operator's email, which a token need not carry.
func (s *Set) NeedsEmail() bool { return s != nil && s.needs.email }

// Len is how many policies there are.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.policies)
}

// Load reads the policies of a TOML file, and leaves whatever else it holds to others. file is its name for errors, each of
// which says the line. A file without a policy gives a Set that leaves permissions alone to decide.
func Load(data []byte, file string) (*Set, error) {
	var doc struct {
		Policy []Policy `toml:"policy"`
	}
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		if err := explainTOML(file, err); err != nil {
			return nil, err
		}
		// Only keys outside [[policy]] were unknown; a strict decoder stops at none of them.
	}
	s := &Set{policies: doc.Policy}
	lines := findLines(data)
	seen := map[string]bool{}
	for i := range s.policies {
		p := &s.policies[i]
		key, err := p.check(seen)
		if err == nil && p.Users == "" && i < len(lines) && lines[i]["users"] > 0 {
			key, err = "users", errEmpty
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d, policy %q: %w", file, lines.of(i, key), p.Name, err)
		}
		s.needs.add(p)
	}
	return s, nil
}

func (n *needs) add(p *Policy) {
	n.roles = n.roles || len(p.Roles) > 0
	n.email = n.email || len(p.Emails) > 0
	texts := []string{p.Users}
	for _, v := range p.Create.Stamp {
		if t, ok := v.(string); ok {
			texts = append(texts, t)
		}
	}
	for _, t := range texts {
		n.metadata = n.metadata || strings.Contains(t, "${operator.app_metadata.")
		n.email = n.email || strings.Contains(t, "${operator.email")
	}
	for _, a := range p.Approval {
		for _, by := range a.By {
			n.roles = n.roles || !strings.Contains(by, "@")
			n.email = n.email || strings.Contains(by, "@")
		}
	}
}

// explainTOML words a decoder's error with its line and the nearest known key. Unknown keys outside [[policy]] are none.
func explainTOML(file string, err error) error {
	var strict *toml.StrictMissingError
	var decode *toml.DecodeError
	switch {
	case errors.As(err, &strict):
		for i := range strict.Errors {
			e := &strict.Errors[i]
			key := e.Key()
			if len(key) == 0 || key[0] != "policy" {
				continue
			}
			line, _ := e.Position()
			last := key[len(key)-1]
			hint := ""
			if near := nearest(last, knownKeys(key)); near != "" {
				hint = fmt.Sprintf("; did you mean %q?", near)
			}
			return fmt.Errorf("%s, line %d: a policy has no key %q%s", file, line, strings.Join(key[1:], "."), hint)
		}
		return nil
	case errors.As(err, &decode):
		line, _ := decode.Position()
		return fmt.Errorf("%s, line %d: %w", file, line, decode)
	}
	return fmt.Errorf("%s: %w", file, err)
}

func knownKeys(key []string) []string {
	if len(key) > 2 {
		switch key[1] {
		case "create":
			return []string{"allowed", "stamp", "choices"}
		case "approval":
			return []string{"by", "expires"}
		case "custom_field":
			return []string{"label", "path", "where"}
		}
	}
	return []string{
		"name", "roles", "emails", "permissions", "claims", "users", "actions", "fields", "hidden", "roles_assignable", "connections",
		"memberships", "raw_json", "reason", "fresh_login", "approval", "custom_domain", "create", "custom_field", "wording",
	}
}

// lines is where the keys of each policy stand: the decoder checks types only, and forgets lines once it has decoded.
type lines []map[string]int

func findLines(data []byte) lines {
	var out lines
	table := ""
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "[["), strings.HasPrefix(line, "["):
			header, _, _ := strings.Cut(strings.TrimLeft(line, "["), "]")
			header = strings.ReplaceAll(strings.TrimSpace(header), `"`, "")
			if header == "policy" {
				out = append(out, map[string]int{"": number})
			}
			table = strings.TrimPrefix(strings.TrimPrefix(header, "policy"), ".")
			if strings.HasPrefix(header, "policy.") && len(out) > 0 {
				out[len(out)-1][table] = number
			}
		case len(out) > 0:
			key, _, ok := strings.Cut(line, "=")
			key = strings.ReplaceAll(strings.TrimSpace(key), `"`, "")
			if ok && table != "" {
				key = table + "." + key
			}
			if _, had := out[len(out)-1][key]; ok && !had {
				out[len(out)-1][key] = number
			}
		}
	}
	return out
}

// of is the line of a policy's key, or the nearest table above it.
func (l lines) of(policy int, key string) int {
	if policy >= len(l) {
		return 1
	}
	for {
		if n, ok := l[policy][key]; ok {
			return n
		}
		cut := strings.LastIndexByte(key, '.')
		key = key[:max(cut, 0)]
	}
}
