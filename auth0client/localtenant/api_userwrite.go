package localtenant

import (
	"crypto/md5" //nolint:gosec // Gravatar addresses are MD5 by definition
	"encoding/hex"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var (
	emailShape = regexp.MustCompile(`^[^@\s]{1,64}@[^@\s]+\.[^@\s]+$`)
	phoneShape = regexp.MustCompile(`^\+[0-9]{1,15}$`)
)

// attributes reads the root attributes of a create or update body and checks their types and shapes. Null is kept as nil.
func attributes(body map[string]any, extra ...string) (map[string]any, *reply) {
	for _, name := range slices.Sorted(maps.Keys(body)) {
		v := body[name]
		var bad reply
		switch name {
		case "email", "username", "phone_number", "name", "given_name", "family_name", "nickname", "picture", "password",
			"connection", "client_id", "user_id":
			if (name == "connection" || name == "user_id") && v == nil {
				bad = wrongType("string", name)
			} else if _, isText := v.(string); v != nil && !isText {
				bad = wrongType("string", name)
			} else {
				bad = shape(name, v)
			}
		case "email_verified", "phone_verified", "blocked", "verify_email", "verify_phone_number":
			if _, isFlag := v.(bool); !isFlag {
				bad = wrongType("boolean", name)
			}
		case "user_metadata", "app_metadata":
			if _, isObject := v.(map[string]any); v != nil && !isObject {
				bad = wrongType("object", name)
			}
		default:
			bad = additional(name)
		}
		if bad.status == 0 && slices.Contains(extra, name) {
			bad = additional(name)
		}
		if bad.status != 0 {
			return nil, &bad
		}
	}
	return body, metadataProblem(body)
}

func shape(name string, v any) reply {
	s, isText := v.(string)
	if !isText {
		return reply{}
	}
	switch {
	case name == "email" && (!emailShape.MatchString(s) || len(s) > 254):
		return invalid("Payload validation error: 'Object didn't pass validation for format email: %s' on property email.", s)
	case name == "phone_number" && !phoneShape.MatchString(s):
		return invalid("Payload validation error: 'String does not match pattern ^\\+[0-9]{1,15}$: %s' on property "+
			"phone_number.", s)
	case s == "" && name != "connection" && name != "client_id":
		return invalid("Payload validation error: 'String is too short (0 chars), minimum 1' on property %s.", name)
	case (name == "name" || name == "nickname") && len(s) > 300:
		return invalid("Payload validation error: 'String is too long (%d chars), maximum 300' on property %s.", len(s), name)
	case (name == "given_name" || name == "family_name") && len(s) > 150:
		return invalid("Payload validation error: 'String is too long (%d chars), maximum 150' on property %s.", len(s), name)
	}
	return reply{}
}

func metadataProblem(body map[string]any) *reply {
	for _, kind := range []string{"user_metadata", "app_metadata"} {
		m, _ := body[kind].(map[string]any)
		for key := range m {
			if strings.ContainsAny(key, ".$") {
				bad := invalid("Payload validation error: 'Invalid property name: %s' on property %s.", key, kind)
				return &bad
			}
			if kind == "app_metadata" && slices.Contains(reservedMetadata(), key) {
				bad := fail(http.StatusBadRequest, "The following app_metadata properties cannot be used: "+key, "invalid_body")
				return &bad
			}
		}
	}
	return nil
}

func reservedMetadata() []string {
	return []string{"__tenant", "_id", "blocked", "clientID", "created_at", "email_verified", "email", "globalClientID",
		"global_client_id", "identities", "lastIP", "lastLogin", "loginsCount", "metadata", "multifactor_last_modified",
		"multifactor", "updated_at", "user_id"}
}

func createUser(c *call) reply {
	body, bad := attributes(c.body, "client_id", "verify_phone_number")
	if bad != nil {
		return *bad
	}
	if c.text("connection") == "" {
		return missing("connection")
	}
	cn := c.connectionNamed(c.text("connection"))
	if cn == nil {
		return fail(http.StatusBadRequest, "The connection does not exist.", "inexistent_connection")
	}
	switch cn.Strategy {
	case "auth0":
		if c.text("email") == "" {
			return missing("email")
		}
		if c.text("password") == "" {
			return missing("password")
		}
		if problem := weak(c.text("password")); problem != nil {
			return *problem
		}
	case "email":
		if c.text("email") == "" {
			return missing("email")
		}
	case "sms":
		if c.text("phone_number") == "" {
			return missing("phone_number")
		}
	default:
		return fail(http.StatusBadRequest, "Connection does not support user creation through the API. It must either be a "+
			"database or passwordless connection.", "operation_not_supported")
	}
	if c.text("username") != "" && cn.Options["requires_username"] != true {
		return fail(http.StatusBadRequest, "Cannot set username for connection without requires_username", "")
	}
	plain := c.text("user_id")
	if plain == "" {
		plain = pick(c.ids, 24, hexDigits)
	}
	now := c.now().UTC()
	u := &user{ID: cn.Strategy + "|" + plain, Created: now, Updated: now,
		Identities: []identity{{Connection: cn.Name, UserID: plain, Provider: cn.Strategy}}}
	u.apply(body)
	if c.taken(u) {
		return exists()
	}
	u.fillIn()
	if u.Password != "" {
		c.methods.set(u.ID, append(c.methods.at(u.ID), passwordMethod(c.ids, now)))
	}
	c.put(u)
	return created(u.json(nil, true))
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

func weak(password string) *reply {
	if len(password) >= 8 && len(password) <= 72 {
		return nil
	}
	bad := fail(http.StatusBadRequest, "PasswordStrengthError: Password is too weak", "invalid_password")
	return &bad
}

// taken reports that another record of the same connection has u's id, address, username or phone number.
func (t *Tenant) taken(u *user) bool {
	if old := t.users.at(u.ID); old != nil && !old.Created.Equal(u.Created) {
		return true
	}
	return slices.ContainsFunc(slices.Concat(t.byEmail(u.Email), t.byUsername(u.Username), t.byPhone(u.Phone)), func(id string) bool {
		return id != u.ID && t.users.at(id).connection() == u.connection()
	})
}

func (t *Tenant) connectionNamed(name string) *connection {
	for _, c := range t.connections.all() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func updateUser(c *call) reply {
	id := c.arg(0)
	if c.ownOnly(id, "update:users", "update:users_app_metadata") {
		return notSubject()
	}
	old := c.users.at(id)
	if old == nil {
		return noUser()
	}
	body, bad := attributes(c.body, "user_id")
	if bad != nil {
		return *bad
	}
	if len(body) == 0 {
		return invalid("Payload validation error: 'Too few properties defined (0), minimum 1'.")
	}
	if problem := c.mayUpdate(old, body); problem != nil {
		return *problem
	}
	u := old.clone()
	if email, sent := body["email"].(string); sent && !strings.EqualFold(email, old.Email) && body["email_verified"] == nil {
		u.EmailVerified = new(bool)
	}
	u.apply(body)
	if c.taken(u) {
		if u.Username != old.Username {
			return fail(http.StatusBadRequest, "The username provided is in use already.", "auth0_idp_error")
		}
		return fail(http.StatusBadRequest, "The specified new email already exists", "auth0_idp_error")
	}
	u.Updated = c.now().UTC()
	if body["password"] != nil {
		// As at Auth0, a new password lifts both the administrator's block and attack protection's.
		u.LastPassword = u.Updated
		if u.Blocked != nil {
			u.Blocked = new(bool)
		}
		c.blocks.drop(id)
	}
	c.put(u)
	return ok(u.json(nil, true))
}

// mayUpdate is what Auth0 refuses in an update whose body is well formed.
func (c *call) mayUpdate(u *user, body map[string]any) *reply {
	refuse := func(message, code string) *reply {
		bad := fail(http.StatusBadRequest, message, code)
		return &bad
	}
	sent := func(name string) bool { _, yes := body[name]; return yes }
	held := strings.Fields(c.who.Scope)
	if !slices.Contains(held, "update:users") {
		for name := range body {
			if name != "app_metadata" || !slices.Contains(held, "update:users_app_metadata") {
				if name == "user_metadata" && slices.Contains(held, "update:current_user_metadata") {
					continue
				}
				bad := fail(http.StatusForbidden, "Insufficient scope, expected any of: update:users", "insufficient_scope")
				return &bad
			}
		}
	}
	for _, pair := range [][2]string{{"password", "email"}, {"password", "email_verified"}, {"username", "email"},
		{"username", "email_verified"}, {"username", "password"}} {
		if sent(pair[0]) && sent(pair[1]) {
			return refuse("Cannot update "+pair[0]+" and "+pair[1]+" simultaneously", "invalid_body")
		}
	}
	cn := c.connectionNamed(u.connection())
	if name := c.text("connection"); name != "" {
		if c.connectionNamed(name) == nil {
			return refuse("The connection does not exist.", "inexistent_connection")
		}
		if !slices.ContainsFunc(u.Identities, func(i identity) bool { return i.Connection == name }) {
			return refuse("Connection is not supported for this operation.", "operation_not_supported")
		}
	}
	strategy := ""
	if cn != nil {
		strategy = cn.Strategy
	}
	if sent("email") && strategy != "auth0" && strategy != "email" {
		return refuse("Cannot update email for non-database user.", "operation_not_supported")
	}
	if sent("password") && strategy != "auth0" {
		return refuse("Cannot update password for non-database user.", "operation_not_supported")
	}
	if sent("password") {
		if problem := weak(c.text("password")); problem != nil {
			return problem
		}
	}
	if sent("email_verified") && strategy == "samlp" {
		return refuse("Email verification is not supported for enterprise users.", "operation_not_supported")
	}
	if sent("username") && (cn == nil || cn.Options["requires_username"] != true) {
		return refuse("Cannot set username for connection without requires_username", "operation_not_supported")
	}
	return c.syncedAttributes(strategy, cn, body)
}

// syncedAttributes refuses profile attributes that the identity provider sets again at every login.
func (c *call) syncedAttributes(strategy string, cn *connection, body map[string]any) *reply {
	if strategy == "auth0" || strategy == "email" || strategy == "sms" || cn == nil ||
		cn.Options["set_user_root_attributes"] == "on_first_login" {
		return nil
	}
	var names []string
	for _, n := range []string{"family_name", "given_name", "name", "nickname", "picture"} {
		if _, sent := body[n]; sent {
			names = append(names, n)
		}
	}
	if len(names) == 0 {
		return nil
	}
	bad := fail(http.StatusBadRequest, "The following user attributes cannot be updated: "+strings.Join(names, ", ")+
		". The connection ("+cn.Name+") must either be a database connection (using the Auth0 store), a passwordless "+
		"connection (email or sms) or has disabled 'Sync user profile attributes at each login'. For more information, see "+
		"https://auth0.com/docs/dashboard/guides/connections/configure-connection-sync", "operation_not_supported")
	return &bad
}

// apply sets the attributes of a checked body. Metadata merges at the first level, where null removes a key.
func (u *user) apply(body map[string]any) {
	text := func(name string, into *string) {
		if v, sent := body[name]; sent {
			*into, _ = v.(string)
		}
	}
	flag := func(name string, into **bool) {
		if v, isFlag := body[name].(bool); isFlag {
			*into = &v
		}
	}
	text("email", &u.Email)
	text("username", &u.Username)
	if u.Identities[0].Provider == "auth0" {
		u.Email, u.Username = strings.ToLower(u.Email), strings.ToLower(u.Username)
	}
	text("phone_number", &u.Phone)
	text("name", &u.Name)
	text("given_name", &u.Given)
	text("family_name", &u.Family)
	text("nickname", &u.Nickname)
	text("picture", &u.Picture)
	if password, sent := body["password"].(string); sent {
		u.keepPassword(password, nil)
	}
	flag("email_verified", &u.EmailVerified)
	flag("phone_verified", &u.PhoneVerified)
	flag("blocked", &u.Blocked)
	merge(body, "user_metadata", &u.UserMetadata)
	merge(body, "app_metadata", &u.AppMetadata)
}

func merge(body map[string]any, name string, into *map[string]any) {
	v, sent := body[name]
	if !sent {
		return
	}
	if v == nil {
		*into = map[string]any{}
		return
	}
	if *into == nil {
		*into = map[string]any{}
	}
	for key, value := range v.(map[string]any) {
		if value == nil {
			delete(*into, key)
			continue
		}
		(*into)[key] = value
	}
}
