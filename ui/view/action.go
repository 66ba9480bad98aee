package view

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
)

// Action is a wish of a view, carried out by the app at once.
type Action interface{ isAction() }

// Level is how loud a notice is.
type Level int

// The levels. Errors stay until dismissed.
const (
	Info Level = iota
	Good
	Bad
)

type (
	// OpenUser opens the detail view; User is what is known already, so that the header is drawn at once.
	OpenUser struct{ User auth0client.User }
	// EditRoles opens the role editor for these users. Whose is nil for their own roles, else those of an organization's
	// members.
	EditRoles struct {
		Users []auth0client.User
		Whose desk.Whose
	}
	// UndoRoles opens the role editor at the review of what takes changes back.
	UndoRoles struct {
		Whose   desk.Whose
		Changes []desk.RoleChange
	}
	// Undoable says what was just changed and how it is taken back: until the next one, u does it.
	Undoable struct {
		What string // "the change of roles"
		Undo Action
	}
	// OpenUsers goes back to the list of users.
	OpenUsers struct{}
	// OpenRoles opens the list of roles.
	OpenRoles struct{}
	// OpenRole opens a role; Name is what is known already.
	OpenRole struct {
		ID   auth0client.RoleID
		Name term.Safe
	}
	// CompareRoles opens two roles side by side.
	CompareRoles struct{ A, B auth0client.Role }
	// OpenAccess opens what a user may do, and why.
	OpenAccess struct{ User auth0client.User }
	// OpenOrganizations opens the list of organizations.
	OpenOrganizations struct{}
	// OpenOrganization opens an organization; Name is what is known already.
	OpenOrganization struct {
		ID   auth0client.OrgID
		Name term.Safe
	}
	// OpenApprovals opens the list of changes that wait for a second operator.
	OpenApprovals struct{}
	// OpenApproval opens one of them.
	OpenApproval struct{ Approval auth0client.Approval }
	// Approvals says how the approvals are that concern the operator.
	Approvals struct{ All []auth0client.Approval }
	// ResetMFA opens the MFA reset dialog for this user.
	ResetMFA struct{ User auth0client.User }
	// ToggleBlock opens the block or unblock dialog for this user.
	ToggleBlock struct{ User auth0client.User }
	// Undo opens the dialog that undoes the operator's last reversible change.
	Undo struct{}
	// Operate opens the dialog for an operation of the support desk.
	Operate struct{ Operation desk.Operation }
	// OperateAll opens the screen of a run over a selection. Name is the action in words ("Block").
	OperateAll struct {
		Name       string
		Operations []desk.Operation
	}
	// Password opens what can be done about this user's password.
	Password struct{ User auth0client.User }
	// EditUser opens the form for this user's record.
	EditUser struct{ User auth0client.User }
	// CreateUser opens the form for a new user.
	CreateUser struct{}
	// DeleteUser opens the dialog that deletes this user.
	DeleteUser struct{ User auth0client.User }
	// Back leaves the view.
	Back struct{}
	// Notify shows a toast.
	Notify struct {
		Level Level
		Text  string
	}
	// Fail reports a failed piece of work as a toast, worded by Explain. What names the work ("Reset MFA").
	Fail struct {
		What string
		Err  error
	}
	// RequireLogin brings the sign-in screen over the current one. Fresh asks for it although the session holds: an action
	// wants a sign-in not older than MaxAge.
	RequireLogin struct {
		Fresh  bool
		MaxAge time.Duration
	}
	// Copy puts text on the clipboard by OSC 52, without what cannot be seen. What names it ("user id").
	Copy struct{ What, Text string }
	// Changed says that a user is now like this; every open view is told by a UserChangedMsg.
	Changed struct{ User auth0client.User }
	// Touched says that something of a user changed (roles, methods, blocks): open views of them reload.
	Touched struct{ ID auth0client.UserID }
	// Altered says that something changed that is no user (a role, an organization), or that it is no more: every open view
	// is told by an AlteredMsg.
	Altered struct {
		ID   string
		Gone bool
	}
	// All carries out several in order.
	All []Action
)

func (OpenUser) isAction()          {}
func (EditRoles) isAction()         {}
func (UndoRoles) isAction()         {}
func (Undoable) isAction()          {}
func (ResetMFA) isAction()          {}
func (ToggleBlock) isAction()       {}
func (EditUser) isAction()          {}
func (CreateUser) isAction()        {}
func (DeleteUser) isAction()        {}
func (Undo) isAction()              {}
func (Operate) isAction()           {}
func (OperateAll) isAction()        {}
func (Password) isAction()          {}
func (Back) isAction()              {}
func (Notify) isAction()            {}
func (Fail) isAction()              {}
func (RequireLogin) isAction()      {}
func (Copy) isAction()              {}
func (Changed) isAction()           {}
func (Touched) isAction()           {}
func (All) isAction()               {}
func (OpenUsers) isAction()         {}
func (OpenRoles) isAction()         {}
func (OpenRole) isAction()          {}
func (CompareRoles) isAction()      {}
func (OpenAccess) isAction()        {}
func (OpenOrganizations) isAction() {}
func (OpenOrganization) isAction()  {}
func (Altered) isAction()           {}
func (OpenApprovals) isAction()     {}
func (OpenApproval) isAction()      {}
func (Approvals) isAction()         {}

// UserChangedMsg is sent by the app to every open view after a Changed action.
type UserChangedMsg struct{ User auth0client.User }

// UserTouchedMsg is sent by the app to every open view after a Touched action.
type UserTouchedMsg struct{ ID auth0client.UserID }

// AlteredMsg is sent by the app to every open view after an Altered action.
type AlteredMsg struct {
	ID   string
	Gone bool
}

// ReloadMsg asks the top view to load again (ctrl+r).
type ReloadMsg struct{}

// SignedInMsg is sent to every open view when the same operator has signed in again: what could not be read for want of a
// sign-in is read now; a change stays to be confirmed.
type SignedInMsg struct{}

// BackgroundMsg is sent to every open view when the theme changed.
type BackgroundMsg struct{}

var _ tea.Msg = Result{}
