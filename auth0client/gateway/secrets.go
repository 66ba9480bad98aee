package gateway

import "strings"

// dropTokens takes the tokens of identity providers out of a user's record: with them one could act as the user elsewhere.
func dropTokens(user map[string]any) {
	identities, _ := user["identities"].([]any)
	for _, i := range identities {
		dropKeys(i, func(k string) bool {
			return k == "access_token" || k == "access_token_secret" || k == "refresh_token" || k == "id_token"
		})
	}
}

// dropSecrets takes secrets out of a log event's details: an event of a change holds its request and its answer.
func dropSecrets(details any) {
	dropKeys(details, func(k string) bool {
		k = strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(k))
		for _, part := range []string{"password", "secret", "token", "ticket", "authorization", "cookie", "recoverycode", "privatekey", "signingkey", "invitationurl", "otp", "credentials", "assertion", "mfacode"} {
			if strings.Contains(k, part) {
				return true
			}
		}
		return false
	})
}

// dropKeys takes the keys out at any depth.
func dropKeys(v any, bad func(string) bool) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			dropKeys(e, bad)
		}
	case map[string]any:
		for k, e := range v {
			if bad(k) {
				delete(v, k)
				continue
			}
			dropKeys(e, bad)
		}
	}
}
