package localtenant

import (
	"regexp"
	"slices"
	"strings"
)

const (
	keyKind     = "public_key"
	refreshKind = "rotating_refresh_token"
)

var deviceShape = regexp.MustCompile(`^[-A-Fa-f0-9]+$`)

func deviceRoutes() []route {
	key := anObject(fields{"device_name": aText(1), "type": aChoice(keyKind), "value": aText(1), "device_id": aText(0, 36).matching(deviceShape),
		"client_id": aText().like("client-id")}, "device_name", "type", "value", "device_id")
	return []route{
		on("GET device-credentials", listDevices).needs("read:device_credentials").asks(byOffset(), someFields(), fields{"user_id": aText(),
			"client_id": aText(), "type": aChoice(keyKind, "refresh_token", refreshKind)}),
		on("POST device-credentials", addDevice).needs("create:current_user_device_credentials").in(classWriteDevices).takes(key).
			titled("Create a device public key credential"),
		on("DELETE device-credentials/*", deleteDevice).needs("delete:device_credentials", "delete:current_user_device_credentials").
			in(classWriteDevices).titled("Delete a device credential"),
	}
}

// tokenDevice is the id of the device credential that stands for a refresh token.
func tokenDevice(r *refreshRow) string { return "dcr_" + r.ID[:min(16, len(r.ID))] }

// devicesOf are a user's device credentials of one type: keys, or refresh tokens by their other name.
func (c *call) devicesOf(userID, kind, app string) []any {
	rows := []any{}
	add := func(id, name, device, client string) {
		if app == "" || app == client {
			row := map[string]any{"id": id, "device_name": name, "type": kind, "user_id": userID, "client_id": client}
			if device != "" {
				row["device_id"] = device
			}
			rows = append(rows, c.only(row))
		}
	}
	switch kind {
	case keyKind:
		for _, k := range c.deviceKeys.at(userID) {
			add(k.ID, k.Name, k.Device, k.Client)
		}
	case refreshKind:
		for _, r := range c.grants.at(userID) {
			add(tokenDevice(r), c.deviceName(userID, r), "", r.Client)
		}
	}
	return rows
}

// deviceName is a word for where a refresh token lives: the browser of its session.
func (t *Tenant) deviceName(userID string, r *refreshRow) string {
	for _, s := range t.sessions.at(userID) {
		if s.ID == r.Session {
			for _, name := range []string{"iPhone", "Android", "Macintosh", "Windows"} {
				if strings.Contains(s.Agent, name) {
					return name
				}
			}
		}
	}
	return "Unknown device"
}

// listDevices answers for one user: without one it goes through everybody, as far as offset paging reaches.
func listDevices(c *call) reply {
	user, kind, app := c.query.Get("user_id"), c.query.Get("type"), c.query.Get("client_id")
	if kind == "" {
		kind = keyKind
	}
	if c.paging().start() >= pagingCap {
		return badRequest("Requesting page exceeds the allowed maximum of 1000 records", "invalid_paging")
	}
	if user != "" {
		return c.list("device_credentials", c.devicesOf(user, kind, app))
	}
	rows := []any{}
	owners := c.deviceKeys.names()
	if kind == refreshKind {
		owners = c.grants.names()
	}
	for _, id := range owners {
		if rows = append(rows, c.devicesOf(id, kind, app)...); len(rows) >= pagingCap {
			break
		}
	}
	return c.list("device_credentials", rows[:min(len(rows), pagingCap)])
}

// addDevice registers a device's key for the person the token was issued to.
func addDevice(c *call) reply {
	id := c.who.Subject
	if !c.users.has(id) {
		return fail(403, "Cannot create device credentials for that user.", "")
	}
	app := c.text("client_id")
	if app == "" {
		app = c.who.AZP
	}
	if c.clientByID(app) == nil {
		return fail(403, "Cannot create device credentials for that client.", "")
	}
	has := c.deviceKeys.at(id)
	if slices.ContainsFunc(has, func(k *deviceKey) bool { return k.Device == c.text("device_id") && k.Client == app }) {
		return fail(409, "A public key already exists for the device.", "device_credential_conflict")
	}
	k := &deviceKey{ID: "dcr_" + pick(c.ids, 16, alnum), Name: c.text("device_name"), Device: c.text("device_id"), Client: app, Value: c.text("value")}
	c.deviceKeys.set(id, append(slices.Clone(has), k))
	return created(map[string]any{"id": k.ID})
}

// deleteDevice removes a key, or revokes the refresh token that a credential stands for. What is gone is fine.
func deleteDevice(c *call) reply {
	mine := func(owner string) bool { return !c.ownOnly(owner, "delete:device_credentials") }
	if owner, k, found := c.foundKey.find(c.deviceKeys, func(k *deviceKey) string { return k.ID }, c.arg(0)); found {
		if !mine(owner) {
			return notSubject()
		}
		trim(c.deviceKeys, owner, func(o *deviceKey) bool { return o.ID == k.ID })
		return nothing()
	}
	if owner, r, found := c.foundDevice.find(c.grants, tokenDevice, c.arg(0)); found {
		if !mine(owner) {
			return notSubject()
		}
		trim(c.grants, owner, func(o *refreshRow) bool { return o.ID == r.ID })
	}
	return nothing()
}
