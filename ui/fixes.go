package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/choose"
	"usher/ui/linking"
	"usher/ui/password"
	"usher/ui/view"
)

// fix opens the question of a fix, or of which way to take first.
func (a *App) fix(from view.ID, f view.Fix, by grace) tea.Cmd {
	u, tenant := f.User, a.o.Backend
	var op desk.Operation
	switch f.Kind {
	case view.FixPassword:
		return a.perform(from, passwordWays(tenant, u), by)
	case view.FixVerification:
		return a.perform(from, verificationWays(tenant, u), by)
	case view.FixEnrolment:
		return a.perform(from, enrolmentWays(tenant, u), by)
	case view.FixTemporaryPassword:
		env := a.env()
		return a.pushDialog(env, password.New(env, tenant, u, a.o.Random), by)
	case view.FixLink:
		env := a.env()
		return a.pushDialog(env, linking.New(env, tenant, u), by)
	case view.FixSignOut:
		op = desk.SignOut(tenant, u)
	case view.FixRecoveryCode:
		op = desk.NewRecoveryCode(tenant, u)
	case view.FixRisk:
		op = desk.ClearRisk(tenant, u, u.Connection().String())
	}
	return a.perform(from, view.Operate{Operation: op}, by)
}

func (a *App) choose(c view.Choose, by grace) tea.Cmd {
	env := a.env()
	return a.pushDialog(env, choose.New(env, c), by)
}

func asks(op desk.Operation) view.Action { return view.Operate{Operation: op} }

// passwordWays are the ways to a new password: by mail, by a link that the operator hands on, or one that they give.
func passwordWays(tenant desk.Passwords, u auth0client.User) view.Action {
	none := ""
	if _, ok := u.DatabaseIdentity(); !ok && len(u.Identities) > 0 {
		none = "They sign in at " + u.Connection().String() + " (" + u.Identities[0].Provider.String() + "): there is no password here."
	}
	mail := none
	if mail == "" && u.EmailRaw == "" {
		mail = "They have no email."
	}
	link := func(label string, lifetime time.Duration) view.Option {
		return view.Option{Label: "Make a link, good for " + label, Note: "For you to hand on. Nobody is told.", Why: none, Action: asks(desk.PasswordLink(tenant, u, lifetime))}
	}
	return view.Choose{Title: "Password", User: u, Options: []view.Option{
		{Label: "Send the reset email", Note: "Auth0 mails " + u.Email.String() + ". The old password is good until they use it.", Why: mail, Action: asks(desk.PasswordEmail(tenant, u))},
		link("1 hour", time.Hour), link("1 day", 24*time.Hour), link("5 days", 5*24*time.Hour),
		{Label: "Set a temporary password", Note: "You tell it to them. The old one is gone at once.", Why: none, Action: view.Fix{Kind: view.FixTemporaryPassword, User: u}},
	}}
}

// verificationWays are the ways to a verified email.
func verificationWays(tenant desk.Passwords, u auth0client.User) view.Action {
	why := ""
	switch {
	case u.EmailRaw == "":
		why = "They have no email."
	case u.EmailVerified:
		why = "The email is verified already."
	}
	return view.Choose{Title: "Verify email", User: u, Options: []view.Option{
		{Label: "Send the verification email again", Note: "Auth0 mails " + u.Email.String() + ".", Why: why, Action: asks(desk.VerifyEmail(tenant, u))},
		{Label: "Make a link, good for 5 days", Note: "For you to hand on. Nobody is told.", Why: why, Action: asks(desk.VerificationLink(tenant, u, 0))},
		{Label: "Mark it as verified", Note: "Nobody proves that the address is theirs.", Why: why, Action: asks(desk.MarkVerified(tenant, u))},
	}}
}

// enrolmentWays are the ways to a new second factor.
func enrolmentWays(tenant desk.Factors, u auth0client.User) view.Action {
	mail := ""
	if u.EmailRaw == "" {
		mail = "They have no email."
	}
	return view.Choose{Title: "MFA enrolment", User: u, Options: []view.Option{
		{Label: "Send the enrolment email", Note: "Auth0 mails " + u.Email.String() + " a link.", Why: mail, Action: asks(desk.EnrolmentLink(tenant, u, true))},
		{Label: "Make an enrolment link", Note: "For you to hand on: whoever has it enrols a factor.", Action: asks(desk.EnrolmentLink(tenant, u, false))},
	}}
}
