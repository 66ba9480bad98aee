package user

import (
	"context"
	"errors"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/widget"
)

// presence is where the user is signed in: browsers, refresh tokens, devices, and what they have allowed applications.
type presence struct {
	plain
	m        *Model
	sessions part[[]auth0client.Session]
	tokens   part[[]auth0client.RefreshToken]
	devices  part[[]auth0client.DeviceCredential]
	grants   part[[]auth0client.Grant]
	apps     part[[]auth0client.Application]
	asked    bool // whether the user is still there
}

func (p *presence) title() (long, short string) { return "Sessions", "Sessions" }

func (p *presence) parts() []tracked {
	return []tracked{&p.sessions, &p.tokens, &p.devices, &p.grants, &p.apps}
}

// settled looks whether the user is still there when sessions are not found: a plan without them can say the same.
func (p *presence) settled() tea.Cmd {
	missing := errors.As(p.sessions.err, new(*auth0client.NotFound)) || errors.As(p.tokens.err, new(*auth0client.NotFound))
	if !missing || p.asked {
		p.asked = missing
		return nil
	}
	p.asked, p.m.user.stale = true, true
	return p.m.needUser()
}

func (p *presence) need() tea.Cmd {
	m, records, id := p.m, p.m.records, p.m.id()
	return tea.Batch(
		lacking(m, &p.sessions, sessionsPermission, func(ctx context.Context) ([]auth0client.Session, error) {
			all, err := records.Sessions(ctx, id)
			slices.SortStableFunc(all, func(a, b auth0client.Session) int { return b.LastActive.Compare(a.LastActive) })
			return all, err
		}),
		lacking(m, &p.tokens, sessionsPermission, func(ctx context.Context) ([]auth0client.RefreshToken, error) {
			all, err := records.RefreshTokens(ctx, id)
			slices.SortStableFunc(all, func(a, b auth0client.RefreshToken) int { return b.LastExchanged.Compare(a.LastExchanged) })
			return all, err
		}),
		lacking(m, &p.devices, sessionsPermission, func(ctx context.Context) ([]auth0client.DeviceCredential, error) {
			return records.DeviceCredentials(ctx, id)
		}),
		lacking(m, &p.grants, sessionsPermission, func(ctx context.Context) ([]auth0client.Grant, error) { return records.Grants(ctx, id) }),
		lacking(m, &p.apps, usersPermission, records.Applications), // kept by the client; their ids are shown until then
	)
}

func (p *presence) targets() []row { return p.rows(80) }

func (p *presence) rows(int) []row {
	m := p.m
	rows := m.heading("Sessions in browsers", "s", "ends all of this")[1:]
	rows = append(rows, planned(p, &p.sessions, "sessions", "No session.",
		"This tenant's plan does not show sessions. They go on until they end by themselves, and no key ends them.", p.sessionRow)...)
	rows = append(rows, m.heading("Refresh tokens")...)
	rows = append(rows, planned(p, &p.tokens, "refresh tokens", "No refresh token.",
		"This tenant's plan does not show refresh tokens: they are among the devices below.", p.tokenRow)...)
	rows = append(rows, m.heading("Devices")...)
	rows = append(rows, planned(p, &p.devices, "devices", "No device.", "This tenant does not show devices.", p.deviceRow)...)
	rows = append(rows, m.heading("What they allowed applications")...)
	return append(rows, planned(p, &p.grants, "grants", "Nothing.", "This tenant does not show grants.", p.grantRow)...)
}

// planned is listed for what a tenant's plan may lack: that is said in words and not as an error.
func planned[T any](p *presence, list *part[[]T], what, none, lacks string, draw func(T) row) []row {
	if list.err != nil && !list.loading && planLacks(list.err) {
		return []row{line(p.m.env.Theme.Warn.Render(lacks))}
	}
	return listed(p.m, list, sessionsPermission, what, none, draw)
}

// planLacks reports that a list is missing for the tenant's plan: some of Auth0's answers say so as "not found".
func planLacks(err error) bool {
	return auth0client.PlanLacks(err) || errors.As(err, new(*auth0client.NotFound))
}

// one is a row that its key ends. what names it in the question.
func (p *presence) one(kind, id, what, text string) row {
	m := p.m
	r := line(text)
	r.on = &target{does: "end this " + kind, permission: revokePermission, operation: func() desk.Operation {
		return desk.EndOne(m.records, m.user.value, kind, id, what)
	}}
	return r
}

func (p *presence) sessionRow(s auth0client.Session) row {
	var apps []string
	for _, a := range s.Applications {
		apps = append(apps, p.appName(a))
	}
	where := agentWords(s.UserAgent) + " from " + s.IP.String()
	return p.one(desk.OneSession, s.ID, where, widget.Pad(agentWords(s.UserAgent), 22)+"  "+widget.Pad(s.IP.String(), 15)+"  "+
		widget.Pad("active "+p.m.ago(s.LastActive), 20)+"  "+p.m.env.Theme.Muted.Render(strings.Join(apps, ", ")))
}

func (p *presence) tokenRow(r auth0client.RefreshToken) row {
	app := p.appName(r.Application)
	used := "not used yet"
	if !r.LastExchanged.IsZero() {
		used = "used " + p.m.ago(r.LastExchanged)
	}
	return p.one(desk.OneToken, r.ID, "of "+app+", "+used, widget.Pad(app, 22)+"  "+widget.Pad(used, 20)+"  "+p.m.env.Theme.Muted.Render("since "+p.m.ago(r.CreatedAt)))
}

func (p *presence) deviceRow(d auth0client.DeviceCredential) row {
	name := d.Device.String()
	if name == "" {
		name = "device without a name"
	}
	return p.one(desk.OneDevice, d.ID, name+" of "+p.appName(d.Application), widget.Pad(name, 22)+"  "+widget.Pad(p.appName(d.Application), 22)+"  "+
		p.m.env.Theme.Muted.Render(strings.ReplaceAll(d.Kind.String(), "_", " ")))
}

func (p *presence) grantRow(g auth0client.Grant) row {
	scopes := make([]string, len(g.Scopes))
	for i, s := range g.Scopes {
		scopes[i] = s.String()
	}
	app := p.appName(g.Application)
	return p.one(desk.OneGrant, g.ID, "of "+app+" for "+g.API.String(), widget.Pad(app, 22)+"  "+widget.Pad(g.API.String(), 30)+"  "+
		p.m.env.Theme.Muted.Render(strings.Join(scopes, " ")))
}

// appName is what an application is called, its id until that is known.
func (p *presence) appName(id term.Safe) string {
	for _, a := range p.apps.value {
		if term.Line(a.ID) == id && !a.Name.IsEmpty() {
			return a.Name.String()
		}
	}
	return id.String()
}

// agentWords are the browser and the system of a user agent, as far as they can be told.
func agentWords(agent term.Safe) string {
	s := agent.String()
	pick := func(of ...[2]string) string {
		for _, o := range of {
			if strings.Contains(s, o[0]) {
				return o[1]
			}
		}
		return ""
	}
	browser := pick([2]string{"Edg", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"Firefox/", "Firefox"}, [2]string{"Chrome/", "Chrome"}, [2]string{"Safari/", "Safari"})
	system := pick([2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"Android", "Android"}, [2]string{"Windows", "Windows"}, [2]string{"Mac OS X", "macOS"}, [2]string{"Linux", "Linux"})
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser+system != "":
		return browser + system
	case s == "":
		return "unknown browser"
	}
	return s
}
