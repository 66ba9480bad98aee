package lucene

// Key is something a store can look up: a value, or the start of one, at a field.
type Key struct {
	Field  string // such as "email" or "identities.connection"
	Value  string // in lower case where the field compares without regard to case; a flag is "true" or "false"
	Prefix bool   // Value is only the start
}

// Keys narrows a search down for a store with indexes. Every record the query finds has, for each group, at least one
// of its keys; so a store may look up whichever group it expects the fewest records of, provided it has an index for
// each key in that group, and ask [Query.Match] of those alone. A query without groups takes a look at every record.
//
// Keys are of these fields only: user_id, email, email.domain, username, phone_number, name, given_name, family_name,
// nickname, organization_id, identities.connection, identities.user_id, identities.provider, last_ip, the flags blocked,
// email_verified and phone_verified, and of log events log_id, type, client_id, client_name, connection, connection_id,
// ip, user_name and description.
func (q Query) Keys() [][]Key {
	if q.root == nil {
		return nil
	}
	return q.root.keys()
}

func indexable(id FieldID) bool {
	switch id {
	case FieldUserID, FieldEmail, FieldUsername, FieldPhoneNumber, FieldName, FieldGivenName, FieldFamilyName,
		FieldNickname, FieldOrganizationID, FieldIdentityConnection, FieldIdentityUserID, FieldIdentityProvider,
		FieldLastIP, FieldBlocked, FieldEmailVerified, FieldPhoneVerified, FieldLogID, FieldType, FieldClientID,
		FieldClientName, FieldConnection, FieldConnectionID, FieldIP, FieldUserName, FieldDescription:
		return true
	}
	return false
}

func (everything) keys() [][]Key { return nil }
func (*not) keys() [][]Key       { return nil }

func (n *and) keys() [][]Key {
	var groups [][]Key
	for _, k := range n.kids {
		groups = append(groups, k.keys()...)
	}
	return groups
}

func (n *or) keys() [][]Key { return either(n.kids) }

// either makes one group of alternatives, from the smallest group of each. There is none when one alternative has none.
func either(kids []node) [][]Key {
	var union []Key
	for _, k := range kids {
		groups := k.keys()
		if len(groups) == 0 {
			return nil
		}
		least := groups[0]
		for _, g := range groups[1:] {
			if len(g) < len(least) {
				least = g
			}
		}
		union = append(union, least...)
	}
	return [][]Key{union}
}

func (n *mixed) keys() [][]Key {
	var groups [][]Key
	var rest []node
	musts := 0
	for _, c := range n.clauses {
		switch c.occur {
		case must:
			musts++
			groups = append(groups, c.node.keys()...)
		case should:
			rest = append(rest, c.node)
		case mustNot:
		}
	}
	if musts > 0 || len(rest) == 0 {
		return groups
	}
	return either(rest)
}

func (l *leaf) keys() [][]Key {
	if !indexable(l.look.ID) {
		return nil
	}
	switch t := l.test.(type) {
	case *equal:
		return [][]Key{{{Field: l.field, Value: t.want}}}
	case *like:
		if t.want[0] != "" {
			return [][]Key{{{Field: l.field, Value: t.want[0], Prefix: true}}}
		}
	}
	return nil
}

func (n *anyField) keys() [][]Key {
	kids := make([]node, len(n.leaves))
	for i, l := range n.leaves {
		kids[i] = l
	}
	return either(kids)
}
