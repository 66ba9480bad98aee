// Command floorssh is the least an SSH server of Bubble Tea programs can cost: any key opens the door to some rows and a
// highlighted cursor. It says where it listens, on loopback. The benchmark measures usher ssh beside it.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/ssh"
	"charm.land/wish/v2"
	wishtea "charm.land/wish/v2/bubbletea"
	gossh "golang.org/x/crypto/ssh"
)

const rows = 35

type model struct{ cursor int }

func (m model) Init() tea.Cmd { return nil }

func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if k, ok := msg.(tea.KeyPressMsg); ok {
		switch k.String() {
		case "j":
			m.cursor = min(m.cursor+1, rows-1)
		case "k":
			m.cursor = max(m.cursor-1, 0)
		case "q":
			return m, tea.Quit
		}
	}
	return m, nil
}

func (m model) View() tea.View {
	var b strings.Builder
	b.WriteString("users\n")
	for i := range rows {
		row := fmt.Sprintf("%-28s %-30s %-34s 2026-01-02", fmt.Sprintf("Person %d", i), fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("auth0|%024x", i))
		if i == m.cursor {
			row = "\x1b[7m" + row + "\x1b[0m"
		}
		b.WriteString(row + "\n")
	}
	v := tea.NewView(b.String())
	v.AltScreen = true
	return v
}

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	key, err := gossh.NewSignerFromKey(private)
	if err != nil {
		return err
	}
	s, err := wish.NewServer(
		wish.WithPublicKeyAuth(func(ssh.Context, ssh.PublicKey) bool { return true }),
		wish.WithMiddleware(wishtea.Middleware(func(ssh.Session) (tea.Model, []tea.ProgramOption) { return model{}, nil })),
		func(s *ssh.Server) error { s.HostSigners = []ssh.Signer{key}; return nil },
	)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("the floor serves SSH at %s;\n", l.Addr())
	return s.Serve(l)
}
