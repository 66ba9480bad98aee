package localtenant

import (
	"crypto/md5" //nolint:gosec // Gravatar addresses are MD5 by definition
	"encoding/hex"
	"regexp"
	"strings"
)

// noSpaces is what a user id may look like before its prefix is added.
var noSpaces = regexp.MustCompile(`^\S*$`)

// newUser is the body that makes a user.
func newUser() shape {
	return anObject(fields{
		"email": aText().like("email"), "phone_number": aText().matching(phoneShape), "username": aText(1, 128),
		"user_metadata": free(), "app_metadata": free(), "blocked": aFlag(), "email_verified": aFlag(), "phone_verified": aFlag(),
		"given_name": aText(1, 150), "family_name": aText(1, 150), "name": aText(1, 300), "nickname": aText(1, 300),
		"picture": aText().like("strict-uri"), "user_id": aText(0, 255).matching(noSpaces), "connection": aText(1),
		"password": aText(1), "verify_email": aFlag(),
	}, "connection")
}

func createUser(c *call) reply {
	if bad := metadataProblem(c.body); bad != nil {
		return *bad
	}
	cn := c.connectionNamed(c.text("connection"))
	if cn == nil {
		return badRequest("Connection does not exist.", "inexistent_connection")
	}
	if bad := c.mayCreate(cn); bad != nil {
		return *bad
	}
	plain := strings.TrimPrefix(c.text("user_id"), cn.Strategy+"|")
	if plain == "" {
		plain = pick(c.ids, 24, hexDigits)
	}
	now := c.now().UTC()
	u := &user{ID: cn.Strategy + "|" + plain, Created: now, Updated: now,
		Identities: []identity{{Connection: cn.Name, UserID: plain, Provider: cn.Strategy}}}
	u.apply(c.body)
	if bad := c.clash(u, nil); bad != nil {
		return *bad
	}
	if password := c.text("password"); password != "" {
		if bad := refusePassword(cn, u, password); bad != nil {
			return *bad
		}
		u.keepPassword(password, cn)
		c.methods.set(u.ID, []*authMethod{passwordMethod(c.ids, now)})
	}
	u.fillIn()
	c.put(u)
	if verify, said := c.body["verify_email"].(bool); u.Email != "" && !*u.EmailVerified && (verify || !said) && cn.Strategy == "auth0" {
		c.record("svr", u, "")
	}
	return created(u.json(nil, true))
}

// mayCreate is what a connection wants of a new user.
func (c *call) mayCreate(cn *connection) *reply {
	refuse := func(r reply) *reply { return &r }
	needed := []string{}
	switch cn.Strategy {
	case "auth0":
		if needed = append(needed, "password"); c.text("phone_number") == "" || cn.Options["requires_username"] == true {
			needed = append(needed, "email")
		}
		if cn.Options["requires_username"] == true {
			needed = append(needed, "username")
		}
	case "email":
		needed = append(needed, "email")
	case "sms":
		needed = append(needed, "phone_number")
	default:
		return refuse(badRequest("Connection does not support user creation through the API. It must either be a database or "+
			"passwordless connection.", "operation_not_supported"))
	}
	if len(cn.Clients) == 0 {
		return refuse(badRequest("Connection is disabled.", "connection_disabled"))
	}
	for _, name := range needed {
		if c.text(name) == "" {
			return refuse(missing(name))
		}
	}
	if c.sent("username") && cn.Options["requires_username"] != true {
		return refuse(badRequest("Cannot set username for connection without requires_username.", "invalid_body"))
	}
	return usernameProblem(cn, c.text("username"))
}

var usernameShape = regexp.MustCompile(`^[A-Za-z0-9_+\-.!#$^'` + "`" + `~@]*$`)

// usernameProblem holds a username against the connection's rules: 1 to 15 characters unless it says otherwise.
func usernameProblem(cn *connection, name string) *reply {
	if name == "" {
		return nil
	}
	low, high := 1, 15
	if v, said := dig(cn.Options, "validation", "username").(map[string]any); said {
		low, high = whole64(v["min"], low), whole64(v["max"], high)
	}
	var bad reply
	switch n := len([]rune(name)); {
	case n < low:
		bad = badRequest("Username is too short", "invalid_body")
	case n > high:
		bad = badRequest("Username is too long", "invalid_body")
	case emailShape.MatchString(name), !usernameShape.MatchString(name):
		bad = (&flaw{message: "Object didn't pass validation for format username: " + name, path: "username"}).complaint("Payload", "invalid_body")
	default:
		return nil
	}
	return &bad
}

// fillIn sets what Auth0 derives for a new record: a name, a nickname, a picture, an unverified address.
func (u *user) fillIn() {
	local, _, _ := strings.Cut(u.Email, "@")
	if u.Email != "" && u.EmailVerified == nil {
		u.EmailVerified = new(bool)
	}
	if u.Phone != "" && u.PhoneVerified == nil {
		u.PhoneVerified = new(bool)
	}
	if u.Nickname == "" {
		u.Nickname = local
	}
	if u.Name == "" {
		u.Name = u.Email
		if u.Name == "" {
			u.Name = u.Phone
		}
	}
	if u.Picture == "" {
		u.Picture = gravatar(u.Email, u.Name)
	}
}

func gravatar(email, name string) string {
	sum := md5.Sum([]byte(email)) //nolint:gosec // see the import
	initials := "xx"
	if len(name) >= 2 && name[0] < 0x80 && name[1] < 0x80 {
		initials = strings.ToLower(name[:2])
	}
	return "https://s.gravatar.com/avatar/" + hex.EncodeToString(sum[:]) +
		"?s=480&r=pg&d=https%3A%2F%2Fcdn.auth0.com%2Favatars%2F" + initials + ".png"
}

func exists() reply { return fail(409, "The user already exists.", "auth0_idp_error") }
