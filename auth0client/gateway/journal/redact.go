package journal

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// hidden stands where a secret was.
const hidden = "…"

// redact replaces what must never be kept, however deep it lies.
func redact(fields map[string]any) map[string]any {
	if fields == nil {
		return nil
	}
	out := make(map[string]any, len(fields))
	for k, v := range fields {
		if secretName(k) {
			out[withoutSecrets(k)] = hidden
			continue
		}
		out[withoutSecrets(k)] = redactValue(v)
	}
	return out
}

func redactValue(v any) any {
	switch v := v.(type) {
	case nil, bool, json.Number, int, int64, uint64, float64:
		return v
	case string:
		return withoutSecrets(v)
	case map[string]any:
		return redact(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = redactValue(item)
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
	return redactValue(plain)
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
