package ui

import (
	"context"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/access"
	"usher/ui/approvals"
	"usher/ui/blocking"
	"usher/ui/bulk"
	"usher/ui/create"
	"usher/ui/edit"
	"usher/ui/linking"
	"usher/ui/login"
	"usher/ui/mfareset"
	"usher/ui/organizations"
	"usher/ui/password"
	"usher/ui/role"
	"usher/ui/roleeditor"
	"usher/ui/roles"
	"usher/ui/undo"
	"usher/ui/user"
	"usher/ui/users"
	"usher/ui/view"
)

// Backend is what the screens do to a tenant.
type Backend interface {
	users.Tenant
	user.Records
	roleeditor.Tenant
	desk.RoleWrites
	desk.RoleSources
	mfareset.Methods
	blocking.Blocks
	password.Tenant
	linking.Directory
	edit.Tenant
	create.Tenant
	desk.Undoer
	roles.Tenant
	role.Tenant
	access.Tenant
	organizations.Tenant
	approvals.Tenant
}

// Options are what the console is made of. Approve, OpenBrowser, Dark and Budget may be nil.
type Options struct {
	Backend      Backend
	SignIn       login.SignIn
	Approve      func(ctx context.Context, userCode string) error // approves the operator's own sign-in: demo only
	AutoApprove  bool
	OpenBrowser  func(url string) error // nil where there is no display
	Profile      string
	ProfileColor string
	Production   bool
	Demo         bool
	Now          func() time.Time
	ASCII        bool
	NoColor      bool
	SlowLine     bool
	NoClipboard  bool     // nothing is ever copied
	Dark         *bool    // a forced theme; nil asks the terminal
	Query        string   // a search to start with
	Notices      []string // what the operator must know at the start, such as a change whose outcome nobody knows
	Fields       []view.Field
	Lookups      []auth0client.Lookup
	Prefs        users.Prefs // what the list of users remembers; nil: nothing
	Budget       func() (remaining, limit int, known bool)
	Random       io.Reader   // makes suggestions for passwords; nil: the system's
	Save         bulk.Saver  // keeps a summary or an export in a file; nil where nothing is kept
	Editor       edit.Editor // opens the operator's own editor; nil where none can be, as over SSH
	// Keep puts the copy of a deleted user's record on disk and says where; nil where nothing is kept.
	Keep         func(record []byte) (path string, err error)
	LockAfter    time.Duration // without a key; 0 never locks
	SessionLimit time.Duration // of a sign-in; 0 is none
	// Resume gives the place where the operator's last connection ended; nil where connections do not get lost.
	Resume func(op auth0client.UserID) (Place, bool)
}

// searcher is a view that can start with a search. The command replaces Init's.
type searcher interface{ Search(query string) tea.Cmd }

func (a *App) usersView(env view.Env) view.View {
	return users.New(env, a.o.Backend, users.Options{Fields: a.o.Fields, Lookups: a.o.Lookups, Prefs: a.o.Prefs, Save: a.o.Save,
		Dialogs: users.Dialogs{Password: true, Edit: true, Create: true, Delete: true}})
}

func (a *App) userView(env view.Env, u auth0client.User) view.View {
	return user.New(env, a.o.Backend, u, a.o.Fields...)
}

func (a *App) rolesView(env view.Env, act view.EditRoles) view.View {
	whose := act.Whose
	if whose == nil {
		whose = desk.OwnRoles(a.o.Backend)
	}
	return roleeditor.New(env, a.o.Backend, whose, act.Users)
}

func (a *App) mfaDialog(env view.Env, u auth0client.User) view.View {
	return mfareset.New(env, a.o.Backend, u)
}

func (a *App) blockDialog(env view.Env, u auth0client.User) view.View {
	return blocking.New(env, a.o.Backend, u)
}

func (a *App) editView(env view.Env, u auth0client.User) view.View {
	return edit.New(env, a.o.Backend, u, a.o.Editor, a.o.Fields...)
}

func (a *App) createView(env view.Env) view.View {
	return create.New(env, a.o.Backend, create.Options{Random: a.o.Random, Inviter: term.Line(a.operator.Name).String(), Fields: a.o.Fields})
}

func (a *App) undoDialog(env view.Env) view.View { return undo.New(env, a.o.Backend) }

// screen makes the screen that an action opens; nil for any other.
func (a *App) screen(env view.Env, action view.Action) view.View {
	switch act := action.(type) {
	case view.OpenRoles:
		return roles.New(env, a.o.Backend)
	case view.OpenRole:
		return role.New(env, a.o.Backend, auth0client.Role{ID: act.ID, Name: act.Name})
	case view.CompareRoles:
		return role.NewDiff(env, a.o.Backend, act.A, act.B)
	case view.OpenAccess:
		return access.New(env, a.o.Backend, act.User)
	case view.OpenApprovals:
		return approvals.New(env, a.o.Backend)
	case view.OpenApproval:
		return approvals.NewOne(env, a.o.Backend, act.Approval)
	case view.OpenOrganizations:
		return organizations.New(env, a.o.Backend)
	case view.OpenOrganization:
		return organizations.NewOne(env, a.o.Backend, auth0client.Organization{ID: act.ID, Display: act.Name})
	}
	return nil
}
