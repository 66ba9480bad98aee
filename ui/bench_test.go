package ui

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/login"
	"usher/ui/uitest"
	"usher/ui/view"
)

// bench runs the console with its commands under a clock that stands still until a test sleeps.
type bench struct {
	t      *testing.T
	a      *App
	sign   *signer
	tenant *tenant
	msgs   chan tea.Msg
}

// onBench gives a test the console, signed in as op unless that is nobody.
func onBench(t *testing.T, op login.Operator, set func(o *Options), test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer func() {
			cancel()
			time.Sleep(time.Hour) // timers under way come to their end
		}()
		b := &bench{t: t, sign: &signer{answer: make(chan any)}, tenant: &tenant{}, msgs: make(chan tea.Msg, 1000)}
		dark := true
		o := Options{Backend: b.tenant, SignIn: b.sign, Profile: "acme", Now: time.Now, Dark: &dark, SlowLine: true}
		if set != nil {
			set(&o)
		}
		b.a = New(ctx, o)
		b.a.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
		b.run(b.a.Init())
		b.settle()
		if op.ID != "" {
			b.approve(op)
		}
		test(t, b)
	})
}

func (b *bench) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range msg {
				b.run(c)
			}
		default:
			b.msgs <- msg
		}
	}()
}

// settle lets all work come to its end that needs no time.
func (b *bench) settle() {
	for {
		synctest.Wait()
		select {
		case msg := <-b.msgs:
			_, cmd := b.a.Update(msg)
			b.run(cmd)
		default:
			return
		}
	}
}

// after lets time pass, in steps that no timer of the console is much shorter than.
func (b *bench) after(d time.Duration) {
	for d > 0 {
		step := min(d, time.Second)
		if d > 3*time.Minute {
			step = 10 * time.Second
		}
		time.Sleep(step)
		b.settle()
		d -= step
	}
}

func (b *bench) press(keys ...string) {
	for _, k := range keys {
		_, cmd := b.a.Update(view.Press(k))
		b.run(cmd)
		b.settle()
	}
}

// do carries out an action as if the list had wished it.
func (b *bench) do(action view.Action) {
	b.run(b.a.perform(0, action, grace{}))
	b.settle()
}

// approve answers the waiting sign-in.
func (b *bench) approve(op login.Operator) {
	b.t.Helper()
	b.answer(op)
}

// answer ends the waiting sign-in with an operator or an error.
func (b *bench) answer(with any) {
	b.t.Helper()
	select {
	case b.sign.answer <- with:
	default:
		b.t.Fatalf("no sign-in waits:\n%s", b.frame())
	}
	b.settle()
}

func (b *bench) frame() string { return uitest.Frame(b.a) }

func (b *bench) has(want ...string) {
	b.t.Helper()
	flat := strings.Join(strings.Fields(strings.NewReplacer("│", " ").Replace(b.frame())), " ")
	for _, w := range want {
		if !strings.Contains(flat, w) {
			b.t.Errorf("%q is missing in:\n%s", w, b.frame())
		}
	}
}

func (b *bench) lacks(unwanted ...string) {
	b.t.Helper()
	for _, w := range unwanted {
		if strings.Contains(b.frame(), w) {
			b.t.Errorf("%q is in:\n%s", w, b.frame())
		}
	}
}

// name is how a golden frame of this size is called.
func name(s view.Size) string { return fmt.Sprintf("%dx%d", s.Width, s.Height) }

func boss() login.Operator {
	op := login.Operator{ID: "auth0|op", Email: "op@example.com"}
	for _, r := range rights() {
		for _, v := range r.verbs {
			op.Permissions = append(op.Permissions, r.group+":"+v)
		}
	}
	return op
}

func ada() auth0client.User {
	return auth0client.User{ID: "auth0|ada", Email: term.Line("ada@example.com")}
}

// signer is a sign-in that a test answers: an operator, or an error.
type signer struct {
	kept   login.Operator
	asked  []login.Ask
	answer chan any
}

func (s *signer) Resume(context.Context) (login.Operator, bool, error) {
	return s.kept, s.kept.ID != "", nil
}

func (s *signer) StartDevice(_ context.Context, ask login.Ask) (login.Code, error) {
	s.asked = append(s.asked, ask)
	return login.Code{UserCode: "BCDF-GHJK", URI: "https://acme.eu.auth0.com/activate", ExpiresAt: time.Now().Add(15 * time.Minute)}, nil
}

func (s *signer) WaitDevice(ctx context.Context, _ login.Code, _ func(login.Trouble)) (login.Operator, error) {
	select {
	case <-ctx.Done():
		return login.Operator{}, ctx.Err()
	case a := <-s.answer:
		if err, failed := a.(error); failed {
			return login.Operator{}, err
		}
		return a.(login.Operator), nil
	}
}

// tenant holds one user, and refuses the next changes with the errors it is given.
type tenant struct {
	Backend
	refuse  []error
	readErr error
	block   chan struct{} // a change waits for it
	sent    []string
	reasons []string
	blocked bool
	roles   []auth0client.Role
	gone    map[string]bool
}

func (f *tenant) write(ctx context.Context, what string) error {
	f.sent = append(f.sent, what)
	f.reasons = append(f.reasons, auth0client.Reason(ctx))
	if f.block != nil {
		<-f.block
	}
	if len(f.refuse) > 0 {
		err := f.refuse[0]
		f.refuse = f.refuse[1:]
		return err
	}
	return nil
}

func (f *tenant) Find(_ context.Context, s auth0client.Finding) (auth0client.FoundPage, error) {
	p := auth0client.FoundPage{Exact: auth0client.PlanFor(s).Exact}
	p.Users, p.Total = []auth0client.User{ada()}, 1
	return p, f.readErr
}

func (f *tenant) User(context.Context, auth0client.UserID) (auth0client.User, error) {
	u := ada()
	u.Blocked = f.blocked
	return u, f.readErr
}

func (f *tenant) UserBlocks(context.Context, auth0client.UserID) ([]auth0client.BruteForceBlock, error) {
	return nil, f.readErr
}

func (f *tenant) UserLogs(context.Context, auth0client.UserID, int, int) ([]auth0client.LogEvent, error) {
	return nil, f.readErr
}

func (f *tenant) ConnectionsKept() ([]auth0client.Connection, bool) { return nil, false }

func (f *tenant) Connections(context.Context) ([]auth0client.Connection, error) {
	return []auth0client.Connection{{ID: "con_1", Name: "Users", Label: term.Line("Users"), Strategy: term.Line("auth0")}}, f.readErr
}

func (f *tenant) IPBlocked(context.Context, string) (bool, error) { return false, f.readErr }

func (f *tenant) SetBlocked(ctx context.Context, _ auth0client.UserID, blocked bool) (auth0client.User, error) {
	err := f.write(ctx, fmt.Sprint("blocked ", blocked))
	if err == nil {
		f.blocked = blocked
	}
	u := ada()
	u.Blocked = f.blocked
	return u, err
}

func (f *tenant) AuthenticationMethods(context.Context, auth0client.UserID) (out []auth0client.AuthenticationMethod, err error) {
	for _, id := range []string{"t1", "t2"} {
		if !f.gone[id] {
			out = append(out, auth0client.AuthenticationMethod{ID: id, Kind: "totp", Label: term.Line("App " + id), Confirmed: true})
		}
	}
	return out, f.readErr
}

func (f *tenant) DeleteAuthenticationMethod(ctx context.Context, _ auth0client.UserID, id string) error {
	err := f.write(ctx, "delete "+id)
	if err == nil {
		if f.gone == nil {
			f.gone = map[string]bool{}
		}
		f.gone[id] = true
	}
	return err
}

func (f *tenant) ForgetBrowsers(ctx context.Context, _ auth0client.UserID) error {
	return f.write(ctx, "forget")
}

func (f *tenant) Roles(context.Context) ([]auth0client.Role, error) {
	return []auth0client.Role{{ID: "r1", Name: term.Line("Editor")}, {ID: "r2", Name: term.Line("Auditor")}}, nil
}

func (f *tenant) UserRoles(context.Context, auth0client.UserID) ([]auth0client.Role, error) {
	return f.roles, f.readErr
}

func (f *tenant) RoleGives(context.Context, auth0client.RoleID) ([]auth0client.Permission, error) {
	return nil, f.readErr
}

func (f *tenant) UserPermissions(context.Context, auth0client.UserID) ([]auth0client.Permission, error) {
	return nil, f.readErr
}

func (f *tenant) Me(context.Context) (auth0client.Me, error) { return auth0client.Me{}, f.readErr }

func (f *tenant) UsersByEmail(context.Context, string) ([]auth0client.User, error) {
	return []auth0client.User{ada()}, f.readErr
}

func (f *tenant) AssignToUsers(ctx context.Context, id auth0client.RoleID, users []auth0client.UserID) error {
	return f.write(ctx, fmt.Sprint("give ", id, users))
}

func (f *tenant) EffectiveRoles(context.Context, auth0client.UserID) ([]auth0client.EffectiveRole, error) {
	return nil, f.readErr
}

func (f *tenant) RoleGroups(context.Context, auth0client.UserID, auth0client.RoleID) ([]auth0client.Group, error) {
	return nil, f.readErr
}

func (f *tenant) UserOrganizations(context.Context, auth0client.UserID) ([]auth0client.Organization, error) {
	return nil, f.readErr
}

func (f *tenant) MemberRoles(context.Context, auth0client.OrgID, auth0client.UserID) ([]auth0client.Role, error) {
	return nil, f.readErr
}

func (f *tenant) AssignRoles(ctx context.Context, _ auth0client.UserID, ids []auth0client.RoleID) error {
	err := f.write(ctx, fmt.Sprint("assign ", ids))
	for _, id := range ids {
		if err == nil {
			f.roles = append(f.roles, auth0client.Role{ID: id})
		}
	}
	return err
}
