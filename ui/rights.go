package ui

import (
	"slices"
	"strings"

	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

// right is a group of usher's permissions: "users" with "read", "edit" and so on is users:read, users:edit.
type right struct {
	group string
	verbs []string
}

// rights are the permissions that usher knows, as its API in Auth0 lists them.
func rights() []right {
	return []right{
		{"users", []string{"read", "create", "edit", "block", "delete", "password"}},
		{"mfa", []string{"read", "reset"}},
		{"sessions", []string{"read", "revoke"}},
		{"roles", []string{"read", "assign", "manage"}},
		{"orgs", []string{"read", "manage"}},
		{"logs", []string{"read"}},
		{"stats", []string{"read"}},
		{"bulk", []string{"run"}},
		{"journal", []string{"read"}},
	}
}

// readOnly reports that the operator holds no permission that changes something.
func (a *App) readOnly() bool {
	return !slices.ContainsFunc(a.operator.Permissions, func(p string) bool { return !strings.HasSuffix(p, ":read") })
}

// lacks says what the operator may not do at all: everything but reading, or groups of which they hold no permission that
// does something. Empty for whoever lacks no whole group.
func (a *App) lacks() string {
	if len(a.operator.Permissions) == 0 {
		return "no permissions (W)"
	}
	var groups []string
	for _, r := range rights() {
		does := slices.DeleteFunc(slices.Clone(r.verbs), func(v string) bool { return v == "read" })
		if len(does) == 0 {
			does = r.verbs
		}
		if !slices.ContainsFunc(does, func(v string) bool { return a.can(r.group + ":" + v) }) {
			groups = append(groups, r.group)
		}
	}
	switch {
	case a.readOnly():
		return "read-only"
	case len(groups) == 0:
		return ""
	}
	return "without " + strings.Join(groups, ", ")
}

// drawRights lists what the operator holds and lacks.
func (a *App) drawRights(size view.Size) view.Frame {
	yes, no := a.th.Icons.Yes, a.th.Icons.No
	if a.th.ASCII { // the words would not fit
		yes, no = a.th.Icons.Plus, a.th.Icons.Minus
	}
	lines := []string{a.th.Title.Render("What may I do?") + "  " + widget.Truncate(who(a.operator), size.Width-16)}
	short := size.Height < len(rights())+5
	if !short {
		since := term.Line(string(a.operator.ID)).String() + " " + a.th.Icons.Sep + " " + a.lasts()
		lines = append(lines, a.th.Muted.Render(widget.Truncate(since, size.Width)), "")
	}
	for _, r := range rights() {
		var words []string
		for _, v := range r.verbs {
			if a.can(r.group + ":" + v) {
				words = append(words, a.th.Good.Render(yes+v))
			} else {
				words = append(words, a.th.Muted.Render(no+v))
			}
		}
		lines = append(lines, widget.Pad(r.group, 9)+strings.Join(words, " "))
	}
	if !short {
		lines = append(lines, "", a.th.Muted.Render("What is missing is a role in Auth0: ask an administrator of usher."))
	}
	return view.Frame{Content: strings.Join(lines, "\n")}
}

// lasts says since when the operator is signed in, and until when at most.
func (a *App) lasts() string {
	s := "signed in since " + a.began.Format("15:04")
	if a.o.SessionLimit > 0 {
		s += ", until " + a.began.Add(a.o.SessionLimit).Format("15:04") + " at most"
	}
	return s
}
