package desk

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"usher/auth0client"
)

// WhyFixed says why an attribute of a user's primary identity cannot be changed here, by what their connection allows;
// empty when it can, or when the connection is not known well enough to say.
//
// Source: PATCH /api/v2/users/{id}, the documented refusals.
func WhyFixed(u auth0client.User, c *auth0client.Connection, attribute string) string {
	if c == nil {
		return ""
	}
	at := c.Label.String()
	kind := c.Strategy.String()
	own := c.Creates() // Auth0 itself keeps the profile
	switch attribute {
	case "email", "email_verified":
		if kind != "auth0" && kind != "email" {
			return "it comes from " + at + ", where they sign in"
		}
	case "phone_number", "phone_verified":
		if kind != "auth0" && kind != "sms" {
			return "it comes from " + at + ", where they sign in"
		}
	case "username":
		switch {
		case kind != "auth0":
			return at + " is not a database"
		case c.Options.Known && !c.Options.RequiresUsername:
			return at + " has no usernames"
		}
	case "name", "given_name", "family_name", "nickname", "picture":
		if !own && c.Options.Known && c.Options.SyncEachLogin {
			return "synced from " + at + " at each sign-in"
		}
	}
	return ""
}

// WhyKept says why an attribute cannot be taken away, though it can be changed.
//
// Source: PATCH /api/v2/users/{id}, "The following user attributes cannot be removed".
func WhyKept(c *auth0client.Connection, attribute string) string {
	switch {
	case attribute == "email" || attribute == "username":
		return "it cannot be empty"
	case c != nil && c.Creates() && slices.Contains([]string{"name", "given_name", "family_name", "nickname", "picture"}, attribute):
		return "Auth0 keeps it for users of " + c.Label.String() + ": it can be changed, not emptied"
	}
	return ""
}

// UsernameProblem says what is wrong with a username, by the connection's limits; empty when nothing is. Auth0 keeps
// usernames in lower case.
func UsernameProblem(c *auth0client.Connection, s string) string {
	least, most := 1, 15
	if c != nil && c.Options.UsernameMax > 0 {
		least, most = max(1, c.Options.UsernameMin), c.Options.UsernameMax
	}
	switch n := utf8.RuneCountInString(s); {
	case n < least || n > most:
		return fmt.Sprintf("a username has %d to %d characters, this has %d", least, most, n)
	case strings.Contains(s, "@") && strings.Contains(s[strings.Index(s, "@"):], "."):
		return "a username cannot look like an email"
	}
	return ""
}

// TextProblem says what is wrong with an attribute's text, by Auth0's limits; empty when nothing is known to be.
//
// Source: https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure
func TextProblem(name, s string) string {
	n := utf8.RuneCountInString(s)
	switch name {
	case "email":
		i := strings.LastIndexByte(s, '@')
		switch {
		case i <= 0 || !strings.Contains(s[i:], ".") || strings.ContainsAny(s[i:], " \"") || strings.HasSuffix(s, "."):
			return "that is no email address"
		case i > 64 || len(s) > 254:
			return "an email has 64 bytes before the @ at most, and 254 in all"
		}
	case "phone_number":
		digits, plus := strings.CutPrefix(s, "+")
		if !plus || len(digits) < 1 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
			return "a number is + and 1 to 15 digits, as in +15550100001"
		}
	case "given_name", "family_name":
		if n > 150 {
			return fmt.Sprintf("150 characters at most, this has %d", n)
		}
	case "name", "nickname":
		if n > 300 {
			return fmt.Sprintf("300 characters at most, this has %d", n)
		}
	}
	return ""
}
