package journal

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// hidden stands where a secret was.
const hidden = "…"

// deepest is how many levels an entry's fields may have: deeper lines could be written but not read.
const deepest = 1000

// Redact gives fields as the journal keeps them: without what must never be kept, or shown to a second operator.
func Redact(fields map[string]any) map[string]any { return redact(fields) }

// redact replaces what must never be kept, however deep it lies, and what no reader of the line could read.
func redact(fields map[string]any) map[string]any { return redactObject(fields, 1) }

func redactObject(fields map[string]any, level int) map[string]any {
	if fields == nil {
		return nil
	}
	out := make(map[string]any, len(fields))
	for k, v := range fields {
		if secretName(k) {
			out[withoutSecrets(k)] = hidden
			continue
		}
		out[withoutSecrets(k)] = redactValue(v, level+1)
	}
	return out
}

func redactValue(v any, level int) any {
	if level > deepest {
		return hidden
	}
	switch v := v.(type) {
	case nil, bool, int, int64, uint64, float64:
		return v
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return v.String()
		}
		return v
	case string:
		return withoutSecrets(v)
	case map[string]any:
		return redactObject(v, level)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = redactValue(item, level+1)
		}
		return list
	}
	// Any other type hides its names from us: look at what it will be written as.
	data, err := json.Marshal(v)
	if err != nil {
		return hidden
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var plain any
	if err := dec.Decode(&plain); err != nil {
		return hidden
	}
	return redactValue(plain, level)
}

func secretName(k string) bool {
	k = strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToLower(k))
	for _, s := range []string{
		"password", "passwd", "passphrase", "secret", "token", "ticket", "recoverycode", "devicecode", "usercode", "hash",
		"private", "credential", "authorization", "cookie", "apikey", "accesskey", "otp",
	} {
		if strings.Contains(k, s) {
			return true
		}
	}
	return false
}

// secretTexts finds tokens and tickets by their shape: an operator may paste one into a reason, a tenant quote one.
var secretTexts = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}` +
	`|(?i)(\bbearer[ +]+|\b(?:ticket|access_token|refresh_token|id_token|client_secret|password|device_code|code)=)[^\s&#"']+`)

func withoutSecrets(s string) string {
	lower := strings.ToLower(s)
	if !strings.Contains(s, "eyJ") && !strings.Contains(lower, "bearer") && !strings.Contains(s, "=") {
		return s
	}
	return secretTexts.ReplaceAllString(s, "${1}"+hidden)
}
