package localtenant

// holdings are what a tenant keeps beyond people, roles and what was there from the first: each kind in a table.
type holdings struct {
	clientGrants *table[*clientGrant]
	consents     *table[[]*consent] // by user id
}

func newHoldings() holdings {
	return holdings{clientGrants: newTable[*clientGrant]("client grant"), consents: newTable[[]*consent]("consents")}
}

// clientGrant lets an application have scopes of an API. API is the id of the API's record.
type clientGrant struct {
	ID, Client, API string
	Scopes          []string
	AllScopes       bool
	Subject         string // client or user
	OrgUsage        string
	AnyOrg          *bool
	DetailTypes     []string
	HasDetailTypes  bool
}

// consent is what a user allowed an application to have; Auth0 calls it a grant.
type consent struct {
	ID, Client, Audience string
	Scopes               []string
}
