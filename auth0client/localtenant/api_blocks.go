package localtenant

import "net/netip"

func blockRoutes() []route {
	enabled := fields{"consider_brute_force_enablement": aFlag()}
	who := fields{"identifier!": aText()}
	return []route{
		on("GET user-blocks", blocksByIdentifier).needs("read:users").asks(who, enabled),
		on("DELETE user-blocks", unblockByIdentifier).needs("update:users").asks(who).titled("Unblock by identifier"),
		on("GET user-blocks/*", blocksOfUser).needs("read:users").asks(enabled),
		on("DELETE user-blocks/*", unblockUser).needs("update:users").titled("Unblock a user"),
		on("GET anomaly/blocks/ips/*", addressBlocked).needs("read:anomaly_blocks"),
		on("DELETE anomaly/blocks/ips/*", unblockAddress).needs("delete:anomaly_blocks").titled("Remove the blocked IP address"),
	}
}

// blockRows shows attack protection's blocks; none when the caller cares whether the protection is on, and it is off.
func (c *call) blockRows(blocks []block) reply {
	if c.query.Get("consider_brute_force_enablement") == "true" && c.setting("attack-protection/brute-force-protection")["enabled"] != true {
		blocks = nil
	}
	rows := make([]any, 0, len(blocks))
	for _, b := range blocks {
		row := map[string]any{"identifier": b.Identifier}
		if b.IP != "" {
			row["ip"] = b.IP
		}
		if b.Connection != "" {
			row["connection"] = b.Connection
		}
		rows = append(rows, row)
	}
	return ok(map[string]any{"blocked_for": rows})
}

func blocksOfUser(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	return c.blockRows(c.blocks.at(c.arg(0)))
}

func unblockUser(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	c.liftBlocks(c.arg(0))
	return nothing()
}

// liftBlocks lifts attack protection's blocks of a user. An administrator's block stays.
func (t *Tenant) liftBlocks(id string) {
	if len(t.blocks.at(id)) > 0 {
		t.blocks.drop(id)
		t.record("ublkdu", t.users.at(id), "User block released")
	}
}

func blocksByIdentifier(c *call) reply {
	var rows []block
	for _, id := range c.byIdentifier(c.query.Get("identifier")) {
		rows = append(rows, c.blocks.at(id)...)
	}
	return c.blockRows(rows)
}

func unblockByIdentifier(c *call) reply {
	for _, id := range c.byIdentifier(c.query.Get("identifier")) {
		c.liftBlocks(id)
	}
	return nothing()
}

// address is the IP address of the path.
func (c *call) address() (string, bool) {
	ip, err := netip.ParseAddr(c.arg(0))
	if err != nil {
		return "", false
	}
	return ip.Unmap().String(), true
}

func noAddress() reply {
	return badRequest("Path validation error: 'Data does not match any schemas from 'anyOf'' on property id.", "invalid_uri")
}

func addressBlocked(c *call) reply {
	ip, valid := c.address()
	switch {
	case !valid:
		return noAddress()
	case !c.ipBlocks.has(ip):
		return notFound("Not Found", "")
	}
	return reply{status: 200}
}

func unblockAddress(c *call) reply {
	ip, valid := c.address()
	if !valid {
		return noAddress()
	}
	c.ipBlocks.drop(ip)
	return nothing()
}
