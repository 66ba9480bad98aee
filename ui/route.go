package ui

import (
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client/desk"
	"usher/ui/bulk"
	"usher/ui/form"
	"usher/ui/login"
	"usher/ui/operate"
	"usher/ui/pick"
	"usher/ui/roleeditor"
	"usher/ui/toast"
	"usher/ui/view"
)

type toastExpired struct{ id uint64 }

// WaitingMsg tells the console that requests are held back by the tenant's rate limit until then, and go on by themselves.
type WaitingMsg struct{ Until time.Time }

type waitTick struct{}

// waiting shows the countdown; one ticker runs however often it is told.
func (a *App) waiting(msg WaitingMsg) tea.Cmd {
	ticking := a.waitUntil.After(a.o.Now())
	if msg.Until.After(a.waitUntil) {
		a.waitUntil = msg.Until
	}
	if ticking {
		return nil
	}
	return a.countDown()
}

func (a *App) countDown() tea.Cmd {
	if !a.waitUntil.After(a.o.Now()) {
		return nil
	}
	return view.After(a.ctx, time.Second, waitTick{})
}

// Update takes a message. Where connections get lost, the changes that come of it are watched to their end.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m, cmd := a.update(msg)
	if a.o.Resume != nil {
		cmd = a.after.watch(cmd)
	}
	return m, cmd
}

// update is the one place that decides who gets a message.
func (a *App) update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	// 1. The environment: to the app and all open views.
	case tea.WindowSizeMsg:
		a.size = view.Size{Width: max(0, msg.Width), Height: max(0, msg.Height)}
		return a, nil
	case tea.BackgroundColorMsg:
		slow := !a.asked.IsZero() && a.o.Now().Sub(a.asked) > slowAnswer
		if a.o.Dark != nil || msg.IsDark() == a.th.Dark && (a.o.SlowLine || !slow) {
			return a, nil
		}
		a.o.SlowLine = a.o.SlowLine || slow
		a.paint(msg.IsDark())
		return a, a.tellAll(view.BackgroundMsg{})
	case WaitingMsg:
		return a, a.waiting(msg)
	case NoticeMsg:
		return a, a.noticed(msg)
	case approvalsLooked:
		return a, a.approvalsCame(msg)
	case waitTick:
		return a, a.countDown()
	case lockTick:
		return a, a.looked()
	case toastExpired:
		if a.lock.covered() {
			a.lock.unseen = append(a.lock.unseen, msg.id)
			return a, nil
		}
		a.toasts.Expire(msg.id)
		return a, nil
	// 2. Results of work: to the view that asked, even if covered; dropped if closed, but a write still reports.
	case view.Result:
		if msg.Write {
			a.handed(msg.To)
		}
		return a, a.result(msg)
	case lateMsg:
		return a, a.late(msg.of)
	case tea.KeyPressMsg:
		return a, a.pressed(msg)
	case tea.PasteMsg:
		if a.touched() || a.login != nil || a.leaving || a.offer != nil || a.help || a.rights {
			return a, nil
		}
		if a.palette != nil {
			a.palette.typed(msg.Content)
			return a, nil
		}
	}
	if a.login != nil {
		return a, nil
	}
	return a.tell(a.top(), msg)
}

func (a *App) result(res view.Result) tea.Cmd {
	if a.login != nil && res.To == a.loginID {
		op, action, cmd := a.login.Update(res)
		if op != nil {
			return a.signedIn(*op)
		}
		return tea.Batch(cmd, a.perform(res.To, action, grace{}))
	}
	if w, ok := a.find(res.To); ok {
		_, cmd := a.tell(w, res)
		return cmd
	}
	if r, ok := res.Msg.(view.Reporter); ok && res.Write {
		return a.perform(res.To, r.Report(), grace{opened: a.o.Now()})
	}
	return nil
}

func (a *App) pressed(msg tea.KeyPressMsg) tea.Cmd {
	k := msg.String()
	// 3. ctrl+c leaves; it asks once while something would be lost.
	if k == "ctrl+c" && !a.leaving {
		return a.quit()
	}
	// 4. What lies on top takes every key.
	late := a.touched()
	a.unseen = nil
	return tea.Batch(a.lookAgain(late), a.given(msg, late))
}

// given gives a key to what takes it.
func (a *App) given(msg tea.KeyPressMsg, late bool) tea.Cmd {
	k := msg.String()
	if a.leaving {
		return a.leavingPressed(k)
	}
	if late {
		return a.lockedPressed(k)
	}
	if a.login != nil {
		return a.loginPressed(msg)
	}
	if a.back.swallows(a.o.Now()) {
		return nil
	}
	if a.offer != nil {
		return a.offerPressed(k)
	}
	if a.help {
		a.helpPressed(k)
		return nil
	}
	if a.rights {
		a.rights = false
		return nil
	}
	if a.palette != nil {
		return a.palettePressed(msg)
	}
	top := a.top()
	if top.v == nil || top.by.swallows(a.o.Now()) {
		return nil
	}
	if !top.v.Typing() {
		if (k == "x" || k == "esc") && a.toasts.Dismiss() {
			return nil
		}
		if why := refused(top.v.Keys(), msg); why != "" {
			return a.notify(view.Info, why)
		}
	}
	// 5. Global keys, unless the operator types or a dialog is open.
	if len(a.dialogs) == 0 {
		if cmd, done := a.global(k, top); done {
			return cmd
		}
	}
	// 6. The top view.
	_, cmd := a.tell(top, msg)
	return cmd
}

func (a *App) loginPressed(msg tea.KeyPressMsg) tea.Cmd {
	if a.loginBy.swallows(a.o.Now()) {
		return nil
	}
	if msg.String() == "q" {
		return a.quit()
	}
	_, action, cmd := a.login.Update(msg)
	if action == (view.Back{}) {
		return a.signInDropped()
	}
	return tea.Batch(cmd, a.perform(a.loginID, action, grace{}))
}

// refused is why the key does nothing now, if the view has it and switched it off. A key that is on under the same name
// goes first.
func refused(keys []view.Key, msg tea.KeyPressMsg) string {
	why := ""
	for _, k := range keys {
		switch {
		case !slices.Contains(k.Keys(), msg.String()):
		case k.Why == "" && key.Matches(msg, k.Binding):
			return ""
		case why == "":
			why = k.Why
		}
	}
	return why
}

// perform carries out a view's wish.
func (a *App) perform(from view.ID, action view.Action, by grace) tea.Cmd {
	a.acting = action
	switch act := action.(type) {
	case nil:
	case view.OpenUser:
		env := a.env()
		return a.push(env, a.userView(env, act.User))
	case view.OpenUsers:
		a.home()
	case view.OpenRoles, view.OpenRole, view.CompareRoles, view.OpenAccess, view.OpenOrganizations, view.OpenOrganization,
		view.OpenApprovals, view.OpenApproval:
		env := a.env()
		return a.push(env, a.screen(env, act))
	case view.Pick:
		env := a.env()
		return a.pushDialog(env, pick.New(env, act), by)
	case view.Form:
		env := a.env()
		return a.pushDialog(env, form.New(env, act), by)
	case view.EditRoles:
		env := a.env()
		return a.push(env, a.rolesView(env, act))
	case view.UndoRoles:
		env := a.env()
		return a.push(env, roleeditor.NewUndo(env, a.o.Backend, act.Whose, act.Changes))
	case view.Undoable:
		a.undo = act
	case view.ResetMFA:
		env := a.env()
		return a.pushDialog(env, a.mfaDialog(env, act.User), by)
	case view.ToggleBlock:
		env := a.env()
		return a.pushDialog(env, a.blockDialog(env, act.User), by)
	case view.EditUser:
		env := a.env()
		return a.push(env, a.editView(env, act.User))
	case view.CreateUser:
		env := a.env()
		return a.push(env, a.createView(env))
	case view.DeleteUser:
		return a.perform(from, view.Operate{Operation: desk.Delete(a.o.Backend, act.User, a.o.Keep)}, by)
	case view.Undo:
		env := a.env()
		return a.pushDialog(env, a.undoDialog(env), by)
	case view.Operate:
		env := a.env()
		return a.pushDialog(env, operate.New(env, act.Operation), by)
	case view.Fix:
		return a.fix(from, act, by)
	case view.Password:
		return a.fix(from, view.Fix{Kind: view.FixPassword, User: act.User}, by)
	case view.Choose:
		return a.choose(act, by)
	case view.OperateAll:
		env := a.env()
		return a.push(env, bulk.New(env, act.Name, act.Operations, a.o.Save))
	case view.Back:
		a.close(from)
	case view.Notify:
		return a.notify(act.Level, act.Text)
	case view.Fail:
		return a.failed(act, by)
	case view.RequireLogin:
		return a.askSignIn(wishOf(act), by)
	case view.Copy:
		return a.copied(act)
	case view.Changed:
		a.undo = view.Undoable{} // an older change is no longer the last
		return a.tellAll(view.UserChangedMsg(act))
	case view.Touched:
		a.undo = view.Undoable{}
		return a.tellAll(view.UserTouchedMsg(act))
	case view.Altered:
		return a.tellAll(view.AlteredMsg(act))
	case view.Approvals:
		return a.count(act.All)
	case view.All:
		var cmds []tea.Cmd
		for _, one := range act {
			cmds = append(cmds, a.perform(from, one, by))
		}
		return tea.Batch(cmds...)
	}
	return nil
}

func (a *App) failed(f view.Fail, by grace) tea.Cmd {
	p := view.Explain(a.o.Now(), f.Err)
	if p.IsZero() {
		return nil
	}
	cmd := a.notify(view.Bad, f.What+": "+p.String())
	if view.SignInFor(f.Err) == (view.RequireLogin{}) { // a fresh one would serve a change that is no longer open
		return tea.Batch(cmd, a.askSignIn(wish{purpose: login.Ended}, by))
	}
	return cmd
}

func wishOf(r view.RequireLogin) wish {
	if r.Fresh {
		return wish{purpose: login.ForFresh, ask: login.Ask{Fresh: true, MaxAge: r.MaxAge}}
	}
	return wish{purpose: login.Ended}
}

func (a *App) notify(level view.Level, text string) tea.Cmd {
	id, expires := a.toasts.Add(level, text)
	if !expires {
		return nil
	}
	return view.After(a.ctx, toast.Life, toastExpired{id})
}
