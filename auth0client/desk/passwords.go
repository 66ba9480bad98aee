package desk

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"unicode/utf8"

	"usher/auth0client"
)

// maxPassword is how many bytes of a password Auth0 takes.
const maxPassword = 72

// PasswordRule is one demand of a connection on its passwords, and whether a password meets it. One that only the tenant
// can check has Later set, and counts as met until then.
type PasswordRule struct {
	Text  string
	Met   bool
	Later bool
}

// PasswordRules holds a password against the policy of a connection, the demands in words. Of a policy that may not be read,
// Auth0's own default holds.
//
// Source: https://auth0.com/docs/authenticate/database-connections/password-strength
func PasswordRules(o auth0client.ConnectionOptions, u auth0client.User, password string) []PasswordRule {
	has := kindsIn(password)
	n := utf8.RuneCountInString(password)
	rules := []PasswordRule{{Text: fmt.Sprintf("at least %d characters", shortest(o)), Met: n >= shortest(o)}}
	switch policyOf(o) {
	case "fair":
		rules = append(rules, PasswordRule{Text: "a lower-case letter, a capital and a digit", Met: has.lower && has.upper && has.digit})
	case "good", "excellent":
		rules = append(rules, PasswordRule{Text: "three of: lower-case letter, capital, digit, special character", Met: has.count() >= 3})
	}
	if policyOf(o) == "excellent" {
		rules = append(rules, PasswordRule{Text: "no three equal characters in a row", Met: password != "" && !threeAlike(password)})
	}
	if len(password) > maxPassword {
		rules = append(rules, PasswordRule{Text: fmt.Sprintf("at most %d bytes", maxPassword)})
	}
	if o.NoPersonalInfo {
		rules = append(rules, PasswordRule{Text: "nothing of the user's name or email", Met: password != "" && !personal(u, password)})
	}
	if o.NoCommon {
		rules = append(rules, PasswordRule{Text: "no well-known password: Auth0 checks it", Met: true, Later: true})
	}
	if o.History > 0 {
		rules = append(rules, PasswordRule{Text: fmt.Sprintf("none of the last %d: Auth0 checks it", o.History), Met: true, Later: true})
	}
	return rules
}

// Unmet are the demands that a password does not meet, in words.
func Unmet(rules []PasswordRule) []string {
	var out []string
	for _, r := range rules {
		if !r.Met {
			out = append(out, r.Text)
		}
	}
	return out
}

func policyOf(o auth0client.ConnectionOptions) string {
	if o.PasswordPolicy == "" {
		return "good"
	}
	return o.PasswordPolicy
}

func shortest(o auth0client.ConnectionOptions) int {
	least := map[string]int{"none": 1, "low": 6, "fair": 8, "good": 8, "excellent": 10}[policyOf(o)]
	return max(1, least, o.MinLength)
}

// kinds are the kinds of characters that policies tell apart.
type kinds struct{ lower, upper, digit, special bool }

func kindsIn(s string) (k kinds) {
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z':
			k.lower = true
		case r >= 'A' && r <= 'Z':
			k.upper = true
		case r >= '0' && r <= '9':
			k.digit = true
		default:
			k.special = true
		}
	}
	return k
}

func (k kinds) count() int {
	n := 0
	for _, has := range []bool{k.lower, k.upper, k.digit, k.special} {
		if has {
			n++
		}
	}
	return n
}

func threeAlike(s string) bool {
	r := []rune(s)
	for i := 2; i < len(r); i++ {
		if r[i] == r[i-1] && r[i] == r[i-2] {
			return true
		}
	}
	return false
}

// personal reports that a password has a part of the user's own data in it.
func personal(u auth0client.User, password string) bool {
	local, _, _ := strings.Cut(u.EmailRaw, "@")
	password = strings.ToLower(password)
	for _, s := range []string{u.EmailRaw, local, u.Username.String(), u.Name.String(), u.GivenName.String(), u.FamilyName.String(), u.Nickname.String()} {
		if len(s) >= 3 && strings.Contains(password, strings.ToLower(s)) {
			return true
		}
	}
	return false
}

// SuggestPassword makes a password that meets the policy and can be read out over a phone: groups of four without letters
// and digits that are taken for each other. random is a source such as crypto/rand.Reader.
func SuggestPassword(o auth0client.ConnectionOptions, u auth0client.User, random io.Reader) (auth0client.Secret, error) {
	const lower, upper, digits = "abcdefghjkmnpqrstuvwxyz", "ABCDEFGHJKMNPQRSTUVWXYZ", "23456789"
	n := max(19, shortest(o))
	for range 100 {
		var b strings.Builder
		for i := range n {
			from := lower
			switch {
			case i%5 == 4:
				b.WriteByte('-')
				continue
			case i%5 == 3:
				from = digits
			case i == 0:
				from = upper
			}
			at, err := rand.Int(random, big.NewInt(int64(len(from))))
			if err != nil {
				return auth0client.Secret{}, fmt.Errorf("make a password: %w", err)
			}
			b.WriteByte(from[at.Int64()])
		}
		if s := b.String(); len(Unmet(PasswordRules(o, u, s))) == 0 {
			return auth0client.NewSecret(s), nil
		}
	}
	return auth0client.Secret{}, errors.New("no password that meets the policy was found: type one")
}
