package blocking

import (
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// mostAddresses bounds how many addresses are looked at: each is a request.
const mostAddresses = 3

// address is one the user came from. Attack protection may block it for everybody: they cannot get in from there then,
// whatever is lifted of their own.
type address struct {
	ip      string
	reading bool
	blocked bool
	err     error
}

type addressRead struct {
	ip      string
	blocked bool
	err     error
}

// lookAtAddresses reads whether the addresses of the blocks, or the last one they signed in from, are blocked. The question
// does not wait for it.
func (m *Model) lookAtAddresses() tea.Cmd {
	var ips []string
	for _, b := range m.bans {
		ips = append(ips, b.IP.String())
	}
	ips = append(ips, m.user.LastIP.String())
	m.addresses, m.free = nil, false
	var cmds []tea.Cmd
	ctx, ticket := m.ipLoader.Begin(m.env.Ctx)
	for i, ip := range ips {
		if ip == "" || slices.Contains(ips[:i], ip) || len(m.addresses) == mostAddresses {
			continue
		}
		m.addresses = append(m.addresses, address{ip: ip, reading: true})
		cmds = append(cmds, readAddress(ctx, m.tenant, m.env.ID, ticket, ip))
	}
	return tea.Batch(cmds...)
}

func readAddress(ctx context.Context, tenant Blocks, to view.ID, ticket uint64, ip string) tea.Cmd {
	return func() tea.Msg {
		blocked, err := tenant.IPBlocked(ctx, ip)
		return view.Result{To: to, Ticket: ticket, Msg: addressRead{ip, blocked, err}}
	}
}

func (m *Model) addressAnswered(r addressRead) {
	for i := range m.addresses {
		if a := &m.addresses[i]; a.ip == r.ip && !errors.Is(r.err, context.Canceled) {
			a.reading, a.blocked, a.err = false, r.blocked, r.err
			m.free = m.free && !r.blocked // it was chosen for those that were seen
		}
	}
}

// blockedAddresses are those that are blocked for the whole tenant.
func (m *Model) blockedAddresses() []string {
	var ips []string
	for _, a := range m.addresses {
		if a.blocked {
			ips = append(ips, a.ip)
		}
	}
	return ips
}

// addressLines say what is known of the addresses.
func (m *Model) addressLines() []string {
	t := m.env.Theme
	var lines []string
	for _, a := range m.addresses {
		switch {
		case a.reading:
			lines = append(lines, t.Muted.Render("Looking whether "+a.ip+" is blocked for everybody"+t.Icons.Ellipsis))
		case a.err != nil:
			lines = append(lines, t.Warn.Render(t.Icons.Warn+" Whether "+a.ip+" is blocked for everybody could not be read: "+view.Explain(m.env.Now(), a.err).Title+"."))
		case a.blocked:
			lines = append(lines, t.Danger.Render(t.Icons.Bullet+" The address "+a.ip+" is blocked for the whole tenant, not only for them."))
		}
	}
	blocked := len(m.blockedAddresses())
	if blocked == 0 {
		return lines
	}
	box := t.Icons.Unchecked
	if m.free {
		box = t.Icons.Checked
	}
	address := "the address"
	if blocked > 1 {
		address = "the addresses"
	}
	words := " also free " + address + " for everybody"
	if !m.user.Blocked && len(m.bans) == 0 {
		words = " free " + address + " for everybody instead"
	}
	return append(lines, t.Accent.Render("space")+" "+box+words)
}

// freeAddresses frees addresses one by one and gives those that are free.
func freeAddresses(ctx context.Context, tenant Blocks, ips []string) (freed []string, err error) {
	for _, ip := range ips {
		if err := freeAddress(ctx, tenant, ip); err != nil {
			return freed, err
		}
		freed = append(freed, ip)
	}
	return freed, nil
}

// freeAddress reads back when the outcome of the change is not known.
func freeAddress(ctx context.Context, tenant Blocks, ip string) error {
	err := tenant.UnblockIP(ctx, ip)
	if !errors.As(err, new(*auth0client.Unknown)) {
		return err
	}
	if blocked, readErr := tenant.IPBlocked(ctx, ip); readErr == nil && !blocked {
		return nil
	}
	return err
}
