package sshserver

import (
	"context"
	"errors"
	"strings"
	"time"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"

	"usher/auth0client/term"
)

// NotAllowed is a key that does not open the door, or no longer does, and why.
type NotAllowed struct{ Why string }

// Error implements error.
func (n NotAllowed) Error() string { return n.Why }

// owner is who proved a key.
type owner struct {
	user, address string
	key           gossh.PublicKey
	entry         Entry
}

// proved is who proved a key: only the one that the handshake was signed with counts. It is looked up for every session,
// since a connection may be older than the list is.
func (s *Server) proved(sess ssh.Session) (owner, error) {
	d, key := doorOf(sess.Context()), sess.PublicKey()
	if d == nil || key == nil {
		return owner{}, errors.New("no key was proved")
	}
	o := owner{user: sess.User(), address: d.shown.String(), key: key}
	var err error
	o.entry, err = s.o.Keys.Find(sess.Context(), o.user, o.address, key)
	switch {
	case errors.As(err, new(NotAllowed)):
		s.o.Log.Info("a session was refused", "address", o.address, "key", gossh.FingerprintSHA256(key), "why", err.Error())
		return owner{}, err
	case err != nil:
		return owner{}, errors.New("the list of allowed keys cannot be read now; the server's log says why")
	}
	return o, nil
}

func (o owner) visitor(sess ssh.Session, a asked) Visitor {
	env := map[string]string{}
	for _, pair := range sess.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	if a.terminal {
		env["TERM"] = a.pty.Term
	}
	return Visitor{
		User: term.Line(o.user).String(), Address: o.address, Fingerprint: gossh.FingerprintSHA256(o.key), Label: o.entry.Label, Subject: o.entry.Subject,
		Env: func(name string) string { return env[name] }, Terminal: a.terminal,
	}
}

// watchKey ends a session once its key is no longer allowed: who leaves a team is taken off the list, and must not stay for
// as long as a session lasts. A list that cannot be read ends nobody's session.
func (s *Server) watchKey(ctx context.Context, o owner, l *live) {
	tick := time.NewTicker(s.o.Limits.Recheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		entry, err := s.o.Keys.Find(ctx, o.user, o.address, o.key)
		var not NotAllowed
		switch {
		case ctx.Err() != nil:
			return
		case errors.As(err, &not):
			l.end("the session was ended: " + not.Why + ". A change under way is finished and recorded")
			return
		case err == nil && entry.Subject != "" && entry.Subject != o.entry.Subject:
			l.end("the session was ended: the key is bound to another person by now. A change under way is finished and recorded")
			return
		}
	}
}
