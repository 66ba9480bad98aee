package localtenant

import (
	"errors"
	"slices"

	"usher/auth0client/lucene"
)

// searchable shows a record to the search. One is used for many records, so that a search allocates next to nothing.
type searchable struct {
	*Tenant
	u *user
}

func (s *searchable) Visit(f *lucene.Field, v lucene.Visitor) bool {
	u := s.u
	switch f.ID {
	case lucene.FieldOrganizationID:
		for _, m := range s.members.at(u.ID) {
			if v.Text(m.Org) {
				return true
			}
		}
		return false
	case lucene.FieldIdentityConnection, lucene.FieldIdentityProvider, lucene.FieldIdentityUserID,
		lucene.FieldIdentityIsSocial, lucene.FieldIdentity:
		return slices.ContainsFunc(u.Identities, func(i identity) bool { return i.visit(f, v) })
	case lucene.FieldUserMetadata:
		return lucene.Walk(u.UserMetadata, f.Path[1:], v)
	case lucene.FieldAppMetadata:
		return lucene.Walk(u.AppMetadata, f.Path[1:], v)
	}
	return u.visitPlain(f.ID, v)
}

// visitPlain shows the attributes that hold one value.
func (u *user) visitPlain(id lucene.FieldID, v lucene.Visitor) bool {
	text := func(s string) bool { return s != "" && v.Text(s) }
	flag := func(b *bool) bool { return b != nil && v.Truth(*b) }
	switch id {
	case lucene.FieldUserID:
		return text(u.ID)
	case lucene.FieldEmail:
		return text(u.Email)
	case lucene.FieldUsername:
		return text(u.Username)
	case lucene.FieldPhoneNumber:
		return text(u.Phone)
	case lucene.FieldName:
		return text(u.Name)
	case lucene.FieldGivenName:
		return text(u.Given)
	case lucene.FieldFamilyName:
		return text(u.Family)
	case lucene.FieldNickname:
		return text(u.Nickname)
	case lucene.FieldLastIP:
		return text(u.LastIP)
	case lucene.FieldEmailVerified:
		return flag(u.EmailVerified)
	case lucene.FieldPhoneVerified:
		return flag(u.PhoneVerified)
	case lucene.FieldBlocked:
		return flag(u.Blocked)
	case lucene.FieldLoginsCount:
		return u.Logins > 0 && v.Number(float64(u.Logins))
	case lucene.FieldCreatedAt:
		return !u.Created.IsZero() && v.Time(u.Created)
	case lucene.FieldUpdatedAt:
		return !u.Updated.IsZero() && v.Time(u.Updated)
	case lucene.FieldLastLogin:
		return !u.LastLogin.IsZero() && v.Time(u.LastLogin)
	}
	return false
}

func (i *identity) visit(f *lucene.Field, v lucene.Visitor) bool {
	switch f.ID {
	case lucene.FieldIdentityConnection:
		return v.Text(i.Connection)
	case lucene.FieldIdentityProvider:
		return v.Text(i.Provider)
	case lucene.FieldIdentityUserID:
		return v.Text(i.UserID)
	case lucene.FieldIdentityIsSocial:
		return v.Truth(i.Social)
	}
	switch {
	case len(f.Path) == 1:
		return v.Object()
	case f.Path[1] == "profileData":
		return lucene.Walk(i.Profile, f.Path[2:], v)
	}
	return false
}

// reason is what is wrong with a query, without where.
func reason(err error) string {
	var bad *lucene.SyntaxError
	if errors.As(err, &bad) {
		return bad.Reason
	}
	return err.Error()
}

// candidates are the records among which all that q finds must be.
func (x *searchIndex) candidates(q lucene.Query) []*user {
	var at []int
	best := -1
	for _, group := range q.Keys() {
		if places, ok := x.places(group); ok && (best < 0 || len(places) < best) {
			at, best = places, len(places)
		}
	}
	if best < 0 {
		return x.rows
	}
	slices.Sort(at)
	at = slices.Compact(at)
	out := make([]*user, len(at))
	for i, n := range at {
		out[i] = x.rows[n]
	}
	return out
}

// places looks every key up. It is not ok when one is of a field that has no index.
func (x *searchIndex) places(keys []lucene.Key) (at []int, ok bool) {
	for _, k := range keys {
		ids := []string{k.Value}
		switch {
		case k.Prefix:
			return nil, false
		case k.Field == "email":
			ids = x.byEmail[k.Value]
		case k.Field != "user_id":
			return nil, false
		}
		for _, id := range ids {
			if n, known := x.at[id]; known {
				at = append(at, n)
			}
		}
	}
	return at, true
}
