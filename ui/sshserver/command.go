package sshserver

import (
	"context"
	"io"
	"strings"
	"time"

	"charm.land/ssh"
)

// command runs one of usher's commands. It ends with the connection; at a terminal, ctrl+c ends it too.
func (s *Server) command(ctx context.Context, cancel context.CancelFunc, sess ssh.Session, l *live, v Visitor, args []string) int {
	l.begin(nil, cancel)
	limit := time.AfterFunc(s.o.Limits.Absolute, func() { l.end("the command took too long and was ended") })
	defer limit.Stop()
	in := io.Reader(sess)
	if v.Terminal {
		go interrupted(sess, cancel)
		in = strings.NewReader("") // nothing is asked at this terminal
	}
	code := s.o.Host.Command(ctx, v, args, Streams{In: in, Out: sess, Err: sess.Stderr()})
	if why := l.reason(); why != "" {
		_ = complain(sess, code, why)
	}
	return code
}

// interrupted calls back at ctrl+c. It ends with the session.
func interrupted(in io.Reader, cancel context.CancelFunc) {
	buffer := make([]byte, 256)
	for {
		n, err := in.Read(buffer)
		if strings.ContainsRune(string(buffer[:n]), 0x03) {
			cancel()
		}
		if err != nil {
			return
		}
	}
}
