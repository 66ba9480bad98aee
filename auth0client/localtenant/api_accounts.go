package localtenant

// accountRoutes are Token Vault's. Nobody here has connected an account: the lists are empty.
func accountRoutes() []route {
	return []route{
		on("GET users/*/connected-accounts", connectedAccounts).needs("read:users").asks(byCheckpoint()),
		on("GET users/*/federated-connections-tokensets", tokenSets).needs("read:federated_connections_tokens"),
		on("DELETE users/*/federated-connections-tokensets/*", dropTokenSet).needs("delete:federated_connections_tokens").
			titled("Deletes a tokenset for federated connections by id."),
	}
}

func connectedAccounts(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	return c.checkpoint("connected_accounts", roll{})
}

func tokenSets(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	return ok([]any{})
}

// dropTokenSet succeeds for one that does not exist, as recorded.
func dropTokenSet(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	return nothing()
}
