package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// longestApproval bounds how long a change may wait for its approval: what was true when it was asked for may not be later.
const longestApproval = 7 * 24 * time.Hour

var errEmpty = errors.New("it is empty: leave it out where everybody is meant")

// check finds what is wrong with a policy, and the key it is wrong at.
func (p *Policy) check(seen map[string]bool) (key string, err error) {
	if p.Name == "" || seen[p.Name] {
		return "name", errors.New("every policy needs a name of its own")
	}
	seen[p.Name] = true
	// Emptied, or a variable left empty: nobody is meant then, least of all everybody.
	for _, scope := range []struct {
		key   string
		empty bool
	}{
		{"roles", p.Roles != nil && len(p.Roles) == 0}, {"emails", p.Emails != nil && len(p.Emails) == 0},
		{"permissions", p.Permissions != nil && len(p.Permissions) == 0}, {"claims", p.Claims != nil && len(p.Claims) == 0},
	} {
		if scope.empty {
			return scope.key, errEmpty
		}
	}
	if err := checkFilter(p.Users); err != nil {
		return "users", err
	}
	for _, list := range []struct {
		key  string
		what []string
	}{{"actions", p.Actions}, {"permissions", p.Permissions}} {
		if err := checkActions(list.what, list.key == "actions"); err != nil {
			return list.key, err
		}
	}
	for _, list := range []struct {
		key   string
		paths []string
	}{{"fields", p.Fields}, {"hidden", p.Hidden}} {
		for _, path := range list.paths {
			if err := checkPath(path, list.key == "hidden"); err != nil {
				return list.key, err
			}
		}
	}
	if err := p.readReason(); err != nil {
		return "reason", err
	}
	if key, err := p.readFresh(); err != nil {
		return key, err
	}
	if p.CustomDomain != "" && !regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$`).MatchString(p.CustomDomain) {
		return "custom_domain", fmt.Errorf("%q is not a host name such as id.example.com", p.CustomDomain)
	}
	if key, err := p.checkApprovals(); err != nil {
		return key, err
	}
	return p.checkForms()
}

// checkFilter parses a filter with a word for each placeholder.
func checkFilter(filter string) error {
	if filter == "" {
		return nil
	}
	q, err := fillFilter(filter, func(placeholder) any { return "x" })
	if err != nil {
		return err
	}
	if slices.Contains(q.Fields(), "organization_id") {
		return errors.New("organization_id is not part of a user's record, so single users cannot be matched against it: keep the organization in app_metadata")
	}
	return nil
}

// checkDemand is checkActions for what asks for something: an exception would do nothing there.
func checkDemand(names ...string) error {
	for _, name := range names {
		if strings.HasPrefix(name, "!") {
			return fmt.Errorf("%q: only actions has exceptions; name those that are meant", name)
		}
	}
	return checkActions(names, true)
}

func checkActions(names []string, patterns bool) error {
	for _, name := range names {
		if slices.ContainsFunc(Actions(), func(a Action) bool {
			return string(a) == name || patterns && glob(strings.TrimPrefix(name, "!"), string(a))
		}) {
			continue
		}
		known := make([]string, 0, len(Actions()))
		for _, a := range Actions() {
			known = append(known, string(a))
		}
		hint := ""
		if near := nearest(strings.TrimPrefix(name, "!"), known); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return fmt.Errorf("there is no action %q%s", name, hint)
	}
	return nil
}

// checkPath reads the path of a field: a root field of a user, or a key of the metadata.
func checkPath(path string, deep bool) error {
	root, key, nested := strings.Cut(path, ".")
	known := append(userFields(), "user_id", "last_ip", "last_login", "logins_count", "created_at", "updated_at", "identities", "multifactor", "last_password_reset", "multifactor_last_modified")
	switch {
	case !slices.Contains(known, root) && !strings.Contains(root, "*"):
		hint := ""
		if near := nearest(root, known); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return fmt.Errorf("a user has no field %q%s", root, hint)
	case nested && (key == "" || !metadata(root) && !deep):
		return fmt.Errorf("%q: only user_metadata and app_metadata have keys of their own", path)
	case strings.Contains(key, ".") && !deep:
		return fmt.Errorf("%q: Auth0 replaces the metadata's first level as a whole, so nothing deeper can be allowed by itself", path)
	case deep && strings.Contains(path, "*"):
		return fmt.Errorf("%q: what is hidden is named without \"*\"", path)
	}
	return nil
}

func (p *Policy) readReason() error {
	switch v := p.Reason.(type) {
	case nil:
		return nil
	case string:
		if v != "required" {
			return fmt.Errorf("reason is %q: write \"required\", or a list of actions", v)
		}
		p.reasons = []string{"*"}
		return nil
	case []any:
		for _, item := range v {
			name, ok := item.(string)
			if !ok {
				return errors.New("reason is a list of actions")
			}
			p.reasons = append(p.reasons, name)
		}
		return checkDemand(p.reasons...)
	}
	return errors.New("reason is \"required\" or a list of actions")
}

func (p *Policy) readFresh() (key string, err error) {
	p.fresh = map[string]time.Duration{}
	entries := map[string]any{}
	switch v := p.FreshLogin.(type) {
	case nil:
		return "", nil
	case string:
		entries["*"] = v
	case map[string]any:
		entries = v
	default:
		return "fresh_login", errors.New("fresh_login is a time such as \"10m\", or a table of actions")
	}
	for name, v := range entries {
		text, _ := v.(string)
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Minute || d > 24*time.Hour {
			return "fresh_login." + name, fmt.Errorf("%q is not a time between 1m and 24h", text)
		}
		if err := checkDemand(name); err != nil {
			return "fresh_login." + name, err
		}
		p.fresh[name] = d
	}
	return "", nil
}

func (p *Policy) checkApprovals() (key string, err error) {
	for name, a := range p.Approval {
		key := "approval." + name
		if err := checkDemand(name); err != nil {
			return key, err
		}
		if len(a.By) == 0 {
			return key, errors.New("it names nobody who may approve")
		}
		if d := a.Within(); a.Expires != "" && (d.String() == "24h0m0s" && a.Expires != "24h" && a.Expires != "1440m" || d < time.Minute || d > longestApproval) {
			return key, fmt.Errorf("%q is not a time between 1m and 168h", a.Expires)
		}
	}
	return "", nil
}

// checkForms looks at what is created and shown.
func (p *Policy) checkForms() (key string, err error) {
	for path, v := range p.Create.Stamp {
		key := "create.stamp." + path
		if err := checkPath(path, false); err != nil {
			return key, err
		}
		if _, err := fillValue(v, func(placeholder) any { return "x" }); err != nil {
			return key, err
		}
	}
	for path, values := range p.Create.Choices {
		if err := checkPath(path, false); err != nil {
			return "create.choices." + path, err
		}
		if len(values) == 0 {
			return "create.choices." + path, errors.New("it offers nothing to choose")
		}
	}
	for _, f := range p.CustomFields {
		if f.Label == "" || f.Path == "" {
			return "custom_field", errors.New("a custom field needs a label and a path")
		}
		if err := checkPath(f.Path, true); err != nil {
			return "custom_field", err
		}
		for _, w := range f.Where {
			if !slices.Contains([]string{"list", "detail", "edit", "create", "search"}, w) {
				return "custom_field", fmt.Errorf("a custom field shows in list, detail, edit, create or search, not in %q", w)
			}
		}
	}
	return "", nil
}
