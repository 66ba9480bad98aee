package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"usher/auth0client/lucene"
)

// placeholder is how a policy names something of the operator: ${operator.email}, ${operator.sub}, ${operator.name},
// ${operator.app_metadata.KEY…} or ${operator.claims.CLAIM}.
type placeholder string

// cutPlaceholder splits a template at its first placeholder.
func cutPlaceholder(s string) (before string, p placeholder, after string, found bool, err error) {
	before, rest, found := strings.Cut(s, "${")
	if !found {
		return s, "", "", false, nil
	}
	inner, after, closed := strings.Cut(rest, "}")
	if !closed {
		return "", "", "", false, errors.New("a placeholder ${… has no end")
	}
	if err := placeholder(inner).check(); err != nil {
		return "", "", "", false, err
	}
	return before, placeholder(inner), after, true, nil
}

func (p placeholder) check() error {
	rest, ok := strings.CutPrefix(string(p), "operator.")
	root, key, _ := strings.Cut(rest, ".")
	switch {
	case ok && key == "" && (root == "email" || root == "sub" || root == "name"):
		return nil
	case ok && key != "" && (root == "app_metadata" || root == "claims"):
		return nil
	}
	return fmt.Errorf("${%s} is not known: write ${operator.email}, ${operator.sub}, ${operator.name}, ${operator.app_metadata.KEY} or ${operator.claims.CLAIM}", string(p))
}

// value is what the placeholder stands for; nil when the operator has no such thing.
func (p placeholder) value(op Operator) any {
	root, key, _ := strings.Cut(strings.TrimPrefix(string(p), "operator."), ".")
	switch root {
	case "email":
		return op.address()
	case "sub":
		return op.Subject
	case "name":
		return op.Name
	case "claims":
		return lookUp(op.Claims, key)
	}
	return lookUp(op.Metadata, key)
}

// lookUp finds a key as it stands (claims are often addresses with dots), else as a path.
func lookUp(m map[string]any, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	for {
		first, rest, more := strings.Cut(key, ".")
		if !more {
			return m[key]
		}
		next, ok := m[first].(map[string]any)
		if !ok {
			return nil
		}
		m, key = next, rest
	}
}

// words are the texts of a scalar or a list of scalars; none for anything else and for what is empty.
func words(v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case bool:
		return []string{strconv.FormatBool(v)}
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}
	case json.Number:
		return []string{v.String()}
	case int64:
		return []string{strconv.FormatInt(v, 10)}
	case []string:
		return v
	case []any:
		var out []string
		for _, e := range v {
			if _, nested := e.([]any); !nested {
				out = append(out, words(e)...)
			}
		}
		return out
	}
	return nil
}

// fillFilter puts the operator's values into a filter, quoted so that no value can be more than a value. A list becomes
// alternatives. An operator without the value gets an error: their filter finds nobody.
func fillFilter(template string, op func(placeholder) any) (lucene.Query, error) {
	var b strings.Builder
	quoted := false
	for rest := template; ; {
		before, p, after, found, err := cutPlaceholder(rest)
		if err != nil {
			return lucene.Query{}, err
		}
		quoted = inQuotes(before, quoted)
		b.WriteString(before)
		if !found {
			break
		}
		values := words(op(p))
		switch {
		case len(values) == 0:
			return lucene.Query{}, fmt.Errorf("the operator has no %s", strings.TrimPrefix(string(p), "operator."))
		case quoted && len(values) > 1:
			return lucene.Query{}, fmt.Errorf("the operator's %s has several values, which do not fit between quotes", strings.TrimPrefix(string(p), "operator."))
		case quoted:
			b.WriteString(inner(values[0]))
		default:
			b.WriteString(alternatives(values))
		}
		rest = after
	}
	return lucene.Parse(b.String())
}

// inner is a value as it stands within quotes.
func inner(v string) string {
	q := lucene.Quote(v)
	return q[1 : len(q)-1]
}

func alternatives(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = lucene.Quote(v)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "(" + strings.Join(quoted, " OR ") + ")"
}

// inQuotes follows the quotes of a piece of a filter.
func inQuotes(piece string, quoted bool) bool {
	for i := 0; i < len(piece); i++ {
		switch piece[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		}
	}
	return quoted
}

// fillValue puts the operator's values into a value to stamp. A value that is one placeholder keeps its type.
func fillValue(v any, op func(placeholder) any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return v, nil
	}
	var b strings.Builder
	for rest := text; ; {
		before, p, after, found, err := cutPlaceholder(rest)
		if err != nil {
			return nil, err
		}
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		value := op(p)
		one := words(value)
		switch {
		case len(one) == 0:
			return nil, fmt.Errorf("the operator has no %s", strings.TrimPrefix(string(p), "operator."))
		case before == "" && after == "" && b.Len() == 0:
			return value, nil
		case len(one) > 1:
			return nil, fmt.Errorf("the operator's %s has several values", strings.TrimPrefix(string(p), "operator."))
		}
		b.WriteString(one[0])
		rest = after
	}
}
