package sshserver

import (
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"usher/auth0client"
	"usher/ui"
)

func placeOf(op string, at time.Time) ui.Place {
	return ui.Place{Operator: auth0client.UserID(op), Showing: "x", At: at}
}

func sized(w, h uint32) *gossh.Request {
	return &gossh.Request{Type: "window-change", Payload: gossh.Marshal(&size{Columns: w, Rows: h, Width: 1 << 30, Height: 1 << 30})}
}

func TestSizesAreBoundedBeforeAnybodySeesThem(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ w, h, wantW, wantH uint32 }{
		"as it is":      {120, 40, 120, 40},
		"not known":     {0, 0, 80, 24},
		"tiny":          {1, 1, 20, 5},
		"huge":          {20_000, 20_000, 500, 100},
		"high":          {250, 20_000, 250, 200},
		"a wrap around": {1<<32 - 1, 1<<32 - 1, 500, 100},
	} {
		r := sized(tc.w, tc.h)
		var got size
		if !boundSize(r) || gossh.Unmarshal(r.Payload, &got) != nil || got != (size{Columns: tc.wantW, Rows: tc.wantH}) {
			t.Errorf("%s: a change to %+v", name, got)
		}
		p := &gossh.Request{Type: "pty-req", Payload: gossh.Marshal(&terminal{Term: "x\x1b[2J", Columns: tc.w, Rows: tc.h, Modes: "\x01\x00"})}
		var term terminal
		if !boundTerminal(p) || gossh.Unmarshal(p.Payload, &term) != nil || term != (terminal{Term: "dumb", Columns: tc.wantW, Rows: tc.wantH}) {
			t.Errorf("%s: a terminal of %+v", name, term)
		}
	}
	for _, r := range []*gossh.Request{{Type: "window-change", Payload: []byte{1}}, {Type: "pty-req", Payload: []byte("nonsense")}} {
		if boundSize(r) || boundTerminal(r) {
			t.Errorf("%s of nonsense is taken", r.Type)
		}
	}
}

func TestAStormOfSizesComesToItsLast(t *testing.T) {
	t.Parallel()
	in, out := make(chan *gossh.Request), make(chan *gossh.Request)
	go screen(in, out)
	for range 100 { // before anything runs
		in <- sized(30, 30)
	}
	go func() { in <- &gossh.Request{Type: "shell"} }()
	if r := <-out; r.Type != "shell" {
		t.Fatalf("a %s comes before the shell", r.Type)
	}
	done := make(chan int)
	go func() {
		n := 0
		var last size
		for r := range out {
			if err := gossh.Unmarshal(r.Payload, &last); err != nil {
				break
			}
			if n++; last.Columns == 77 {
				break
			}
		}
		done <- n
	}()
	begun := time.Now()
	for i := range uint32(20_000) {
		in <- sized(100+i%50, 40)
	}
	in <- sized(77, 33)
	n := <-done
	if most := int(time.Since(begun)/resizeEvery) + 3; n > most {
		t.Errorf("%d sizes came through, want %d at most", n, most)
	}
	close(in)
	if _, ok := <-out; ok {
		t.Error("more comes after the end")
	}
}

func TestTheEnvironmentIsBounded(t *testing.T) {
	t.Parallel()
	n, taken := 0, 0
	for range 1000 {
		if allowed(&gossh.Request{Type: "env", Payload: gossh.Marshal(struct{ Name, Value string }{"LC_ALL", "C"})}, &n) {
			taken++
		}
	}
	if taken != mostVariables {
		t.Errorf("%d variables are taken", taken)
	}
	if allowed(&gossh.Request{Type: "exec", Payload: make([]byte, longestCommand+1)}, &n) {
		t.Error("a command of any length is taken")
	}
}
