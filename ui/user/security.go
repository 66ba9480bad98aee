package user

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/widget"
)

// security is how the user proves who they are, what blocks them, and what is remembered of them.
type security struct {
	plain
	m       *Model
	factors part[[]auth0client.Factor]
}

func (s *security) title() (long, short string) { return "Security", "Security" }

func (s *security) parts() []tracked {
	return []tracked{&s.m.methods, &s.m.bans, &s.m.user, &s.factors}
}

func (s *security) need() tea.Cmd {
	records := s.m.records
	return tea.Batch(s.m.needMethods(), s.m.needBans(), s.m.needUser(),
		lacking(s.m, &s.factors, methodsPermission, func(ctx context.Context) ([]auth0client.Factor, error) { return records.Factors(ctx) }))
}

func (s *security) targets() []row { return s.rows(80) }

func (s *security) rows(width int) []row {
	m := s.m
	title := "Ways to sign in"
	if width < 66 { // the keys matter more
		title = "Methods"
	}
	rows := m.heading(title, "m", "resets MFA", "N", "new recovery code", "L", "enrolment")[1:]
	name := 8
	for _, a := range m.methods.value {
		name = min(24, max(name, widget.Width(methodWords(a))), max(8, width/3))
	}
	rows = append(rows, listed(m, &m.methods, methodsPermission, "methods", "None enrolled.", func(a auth0client.AuthenticationMethod) row {
		return s.methodRow(a, name)
	})...)
	rows = append(rows, m.heading("Remembered browsers")...)
	forget := wrapped("Auth0 does not list them. They skip the second factor until they are forgotten.", width)
	forget.on = &target{does: "forget them", permission: resetPermission, operation: func() desk.Operation { return desk.ForgetBrowsers(m.records, m.user.value) }}
	rows = append(rows, forget)
	rows = append(rows, m.heading("Blocks", "b", m.blockWord())...)
	rows = append(rows, s.blockRows(width)...)
	rows = append(rows, m.heading("Risk", "C", "clears it")...)
	rows = append(rows, line("What adaptive MFA holds of their devices is not shown by Auth0."))
	rows = append(rows, m.heading("Factors of this tenant")...)
	return append(rows, s.factorRows(width)...)
}

// methodRow is one method; x takes it away.
func (s *security) methodRow(method auth0client.AuthenticationMethod, name int) row {
	m := s.m
	role := "second factor"
	if method.Kind.Primary() {
		role = "login"
	}
	r := line(widget.Pad(methodWords(method), name) + "  " + m.env.Theme.Muted.Render(widget.Pad(role, 13)) + "  " +
		m.useWords(method) + "  " + method.Detail.String())
	r.on = &target{does: "take this one away", permission: resetPermission, operation: func() desk.Operation {
		return desk.ResetMFA(m.records, m.user.value, []auth0client.AuthenticationMethod{method})
	}}
	if method.Kind == "password" {
		r.on.why = "A password is not taken away: p gives a new one."
	}
	return r
}

// blockRows name both kinds of block apart.
func (s *security) blockRows(width int) []row {
	m, t := s.m, s.m.env.Theme
	if why := m.why(usersPermission); why != "" {
		return []row{line(t.Warn.Render(why))}
	}
	admin := "No block by an administrator."
	if m.user.value.Blocked {
		admin = t.Danger.Render(t.Icons.No + " Blocked by an administrator.")
	}
	rows := []row{line(admin)}
	return append(rows, listed(m, &m.bans, usersPermission, "brute-force blocks", "No block after failed sign-ins.", func(b auth0client.BruteForceBlock) row {
		return wrapped(t.Danger.Render(t.Icons.No+" "+banWords(b)), width)
	})...)
}

// banWords names a block of attack protection, apart from the administrator's.
func banWords(ban auth0client.BruteForceBlock) string {
	words := "Blocked after failed sign-ins"
	if ip := ban.IP.String(); ip != "" {
		words += " from " + ip
	}
	if id := ban.Identifier.String(); id != "" {
		words += " as " + id
	}
	return words + "."
}

func (s *security) factorRows(width int) []row {
	m := s.m
	if why := m.why(methodsPermission); why != "" || s.factors.err != nil || !s.factors.read() {
		return listed(m, &s.factors, methodsPermission, "factors", "", func(auth0client.Factor) row { return row{} })
	}
	var on, off []string
	for _, f := range s.factors.value {
		if f.Enabled {
			on = append(on, factorWords(f.Name))
		} else {
			off = append(off, factorWords(f.Name))
		}
	}
	rows := []row{wrapped("Offered: "+none(on), width)}
	return append(rows, wrapped(m.env.Theme.Muted.Render("Not offered: "+none(off)), width))
}

func none(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// factorWords are the words for Auth0's names of factors, as its dashboard has them.
func factorWords(name term.Safe) string {
	words := map[string]string{"sms": "phone (SMS or voice)", "push-notification": "push to the Guardian app", "otp": "authenticator app",
		"email": "email", "duo": "Duo", "webauthn-roaming": "security key", "webauthn-platform": "device biometrics", "recovery-code": "recovery code"}
	if w, ok := words[name.String()]; ok {
		return w
	}
	return name.String()
}

// useWords say whether a method is in use, and since when.
func (m *Model) useWords(method auth0client.AuthenticationMethod) string {
	var words []string
	if !method.Confirmed && !method.Kind.Primary() {
		words = append(words, m.env.Theme.Warn.Render("not finished"))
	}
	switch {
	case !method.LastAuthAt.IsZero():
		words = append(words, "used "+m.ago(method.LastAuthAt))
	case !method.CreatedAt.IsZero():
		words = append(words, "added "+m.ago(method.CreatedAt))
	}
	return strings.Join(words, ", ")
}

func methodWords(method auth0client.AuthenticationMethod) string {
	if !method.Label.IsEmpty() {
		return method.Label.String()
	}
	return term.Line(string(method.Kind)).String()
}
