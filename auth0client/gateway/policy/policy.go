// Package policy says which of usher's permissions a Management API request needs. What is not in its table is refused.
package policy

import (
	"slices"
	"time"
)

// Action is one of usher's permissions, such as "mfa:reset". Auth0's RBAC says who holds which.
type Action string

// The actions (docs/decisions.md lists what each covers).
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

// Operator is who makes a request, as their verified token says.
type Operator struct {
	Subject, Email, Name string
	Permissions          []string
	AuthTime, ExpiresAt  time.Time
}

// May reports whether the operator holds a permission.
func (o Operator) May(a Action) bool { return slices.Contains(o.Permissions, string(a)) }

// Refusal is why a request is not forwarded.
type Refusal struct {
	Code       string // usher_route, usher_field, usher_permission, usher_self
	Message    string
	Permission Action
}

func (r *Refusal) Error() string { return r.Message }

// Decision is an allowed request.
type Decision struct {
	Actions []Action
	Target  string // the id the request is about, decoded
	Path    string // the path to forward, normalised
	Write   bool
	Fields  map[string]any // of a write's body
}
