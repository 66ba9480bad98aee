package localtenant

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// maxPassword is how many bytes of a password Auth0 takes.
const maxPassword = 72

var (
	lowerCase = regexp.MustCompile(`[a-z]`)
	upperCase = regexp.MustCompile(`[A-Z]`)
	digit     = regexp.MustCompile(`[0-9]`)
	special   = regexp.MustCompile(`[^A-Za-z0-9]`)
)

// refusePassword holds a password against its connection's rules, in the order Auth0 checks them; nil when it will do.
func refusePassword(cn *connection, u *user, password string) *reply {
	refuse := func(message string) *reply { r := badRequest(message, "invalid_password"); return &r }
	options := map[string]any{}
	if cn != nil && cn.Options != nil {
		options = cn.Options
	}
	switch {
	case !strong(options, password):
		return refuse("PasswordStrengthError: Password is too weak")
	case dig(options, "password_dictionary", "enable") == true && common(options, password):
		return refuse("PasswordDictionaryError: Password is too common")
	case dig(options, "password_no_personal_info", "enable") == true && personal(u, password):
		return refuse("PasswordNoUserInfoError: Password contains user information")
	case dig(options, "password_history", "enable") == true && u.usedBefore(password):
		return refuse("PasswordHistoryError: Password has previously been used")
	}
	return nil
}

// strong is the connection's password policy. Without one, "good" holds.
func strong(options map[string]any, password string) bool {
	policy, said := options["passwordPolicy"].(string)
	if !said {
		policy = "good"
	}
	least := map[string]int{"none": 1, "low": 6, "fair": 8, "good": 8, "excellent": 10}[policy]
	least = whole64(dig(options, "password_complexity_options", "min_length"), least)
	if n := len([]rune(password)); n < least || len(password) > maxPassword {
		return false
	}
	kinds := 0
	for _, kind := range []*regexp.Regexp{lowerCase, upperCase, digit, special} {
		if kind.MatchString(password) {
			kinds++
		}
	}
	switch policy {
	case "fair":
		return lowerCase.MatchString(password) && upperCase.MatchString(password) && digit.MatchString(password)
	case "good":
		return kinds >= 3
	case "excellent":
		return kinds >= 3 && !threeAlike(password)
	}
	return true
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

// common reports that a password is among the best known ones or the connection's own list.
func common(options map[string]any, password string) bool {
	known := strings.Fields("password password1 password123 12345678 123456789 1234567890 qwerty123 qwertyuiop iloveyou letmein1 " +
		"welcome1 welcome123 admin123 sunshine princess football baseball superman trustno1 passw0rd p@ssw0rd p@ssword1")
	own := texts(dig(options, "password_dictionary", "dictionary"))
	return slices.Contains(append(known, lowered(own)...), strings.ToLower(password))
}

func lowered(words []string) []string {
	for i := range words {
		words[i] = strings.ToLower(words[i])
	}
	return words
}

// personal reports that a password has a part of the user's data in it.
func personal(u *user, password string) bool {
	local, _, _ := strings.Cut(u.Email, "@")
	password = strings.ToLower(password)
	return slices.ContainsFunc([]string{u.Email, local, u.Username, u.Name, u.Given, u.Family, u.Nickname}, func(s string) bool {
		return len(s) >= 3 && strings.Contains(password, strings.ToLower(s))
	})
}

// keepPassword keeps a hash of a password, and as many of the earlier ones as the connection remembers.
func (u *user) keepPassword(password string, cn *connection) {
	size := 0
	if cn != nil && dig(cn.Options, "password_history", "enable") == true {
		size = whole64(dig(cn.Options, "password_history", "size"), 5)
	}
	if u.Password != "" {
		u.OldPasswords = append([]string{u.Password}, u.OldPasswords...)
	}
	u.OldPasswords = u.OldPasswords[:min(max(size, 0), len(u.OldPasswords))]
	u.Password = hashPassword(password)
}

func (u *user) usedBefore(password string) bool {
	return slices.ContainsFunc(append([]string{u.Password}, u.OldPasswords...), func(hash string) bool {
		return hash != "" && bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	})
}
