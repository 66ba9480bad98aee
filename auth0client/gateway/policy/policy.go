// Package policy says which of usher's permissions a Management API request needs, and what an operator's policies leave of
// them. What is not in its table is refused.
package policy

import (
	"net/url"
	"slices"
	"time"
)

// Action is one of usher's permissions, such as "mfa:reset". Auth0's RBAC says who holds which.
type Action string

// The actions (docs/auth0-setup.md says what each covers).
const (
	UsersRead      Action = "users:read"
	UsersCreate    Action = "users:create"
	UsersEdit      Action = "users:edit"
	UsersBlock     Action = "users:block"
	UsersDelete    Action = "users:delete"
	UsersPassword  Action = "users:password"
	MFARead        Action = "mfa:read"
	MFAReset       Action = "mfa:reset"
	SessionsRead   Action = "sessions:read"
	SessionsRevoke Action = "sessions:revoke"
	RolesRead      Action = "roles:read"
	RolesAssign    Action = "roles:assign"
	RolesManage    Action = "roles:manage"
	OrgsRead       Action = "orgs:read"
	OrgsManage     Action = "orgs:manage"
	LogsRead       Action = "logs:read"
	StatsRead      Action = "stats:read"
	BulkRun        Action = "bulk:run"
	JournalRead    Action = "journal:read"
)

// Actions lists them all.
func Actions() []Action {
	return []Action{
		UsersRead, UsersCreate, UsersEdit, UsersBlock, UsersDelete, UsersPassword, MFARead, MFAReset, SessionsRead,
		SessionsRevoke, RolesRead, RolesAssign, RolesManage, OrgsRead, OrgsManage, LogsRead, StatsRead, BulkRun, JournalRead,
	}
}

// Preset is the permissions of one of the roles "usher viewer", "usher support" and "usher admin"; nil for other names.
func Preset(name string) []Action {
	viewer := []Action{UsersRead, MFARead, SessionsRead, RolesRead, OrgsRead, LogsRead, StatsRead}
	switch name {
	case "viewer":
		return viewer
	case "support":
		return append(viewer, UsersBlock, UsersPassword, MFAReset, SessionsRevoke, UsersEdit)
	case "admin":
		return Actions()
	}
	return nil
}

// Operator is who makes a request, as their verified token says. Roles and Metadata are what the tenant knows of them.
type Operator struct {
	Subject, Email, Name string
	Permissions          []string
	AuthTime, ExpiresAt  time.Time
	Claims               map[string]any // of the verified token
	Roles                []string       // names of the tenant roles they hold
	Metadata             map[string]any // their app_metadata
}

// May reports whether the operator holds a permission.
func (o Operator) May(a Action) bool { return slices.Contains(o.Permissions, string(a)) }

// address is the operator's email, unless their token says that it is not verified: anybody could have signed up with it.
func (o Operator) address() string {
	if o.Claims["email_verified"] == false {
		return ""
	}
	return o.Email
}

// Refusal is why a request is not forwarded.
type Refusal struct {
	Code       string // usher_route, usher_field, usher_query, usher_permission, usher_self, usher_policy, usher_reason, usher_fresh_login, usher_approval
	Message    string
	Permission Action
	Rule       string        // the policy that says no
	MaxAge     time.Duration // of usher_fresh_login: how old a sign-in may be
	Approval   *Approval     // of usher_approval: who may approve, and until when
}

func (r *Refusal) Error() string { return r.Message }

// Request is what the table decides on.
type Request struct {
	Method, Path string // Path is escaped, as it came
	Query        string // raw
	ContentType  string
	Body         []byte // whole; nil for none
}

// Subject is how a request names the person it is about.
type Subject int

// The subjects. For all but the first the person must exist for the operator.
const (
	Nobody         Subject = iota // roles, organizations, statistics; also lists, whose rows are filtered
	OnePerson                     // Decision.Users
	ByIdentifier                  // Decision.Identifier: an email, a user name or a phone number
	ByEmail                       // Decision.Identifier: an email in a connection
	BySession                     // Decision.IDs[0] is a session's
	ByRefreshToken                // … a refresh token's
	ByDevice                      // … a device credential's
	ByGrant                       // … a grant's
	ByJob                         // … a job's
	NewPerson                     // Decision.Fields is a user to create
	NewPeople                     // Decision.People are users to import
	Invited                       // Decision.Fields is an invitation
	Everybody                     // an export
)

// Answer is what an answer holds, and so what must be taken out of it.
type Answer int

// The answers.
const (
	PlainAnswer       Answer = iota
	UserAnswer               // one user's record
	SearchAnswer             // user records found by a search the gateway narrows
	UsersAnswer              // user records to filter
	PeopleAnswer             // rows that name a person by user_id: members of a role, an organization, a group
	OwnedAnswer              // rows that belong to a user_id: grants, device credentials, refresh tokens
	LogsAnswer               // log events
	LogAnswer                // one log event
	IdentitiesAnswer         // a user's identities
	BlocksAnswer             // by what identifier, and from where, a user is blocked
	ConnectionsAnswer        // connections: their options hold secrets
	ClientsAnswer            // applications: they hold secrets
	APIsAnswer               // resource servers: they hold signing secrets
	InvitationsAnswer        // invitations: their links are credentials
	TicketAnswer             // a link that is a credential, shown once
	JobAnswer                // a job: an export's location is everybody's data
	JobErrorsAnswer          // what an import refused
)

// Decision is an allowed request.
type Decision struct {
	Actions []Action
	Target  string   // the id the request is about, decoded
	IDs     []string // all ids of the path, decoded
	Path    string   // the path to forward, normalised
	Pattern string   // the table's line, such as "users/{id}/roles"
	Query   url.Values
	Write   bool
	Form    bool // the body is multipart
	NotSelf bool // operators may not do it to themselves
	// Handover: the answer is a secret for whoever asked, and for nobody else.
	Handover bool
	Fields   map[string]any // of a write's body

	Subject    Subject
	Users      []string // ids of the users that the request names
	Identifier string
	People     []map[string]any // of an import
	Answer     Answer
}
