package sshserver

import (
	"strings"
	"testing"
	"testing/synctest"
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
		"huge":          {20_000, 20_000, 500, 50},
		"narrow":        {100, 20_000, 100, 200},
		"high":          {250, 20_000, 250, 100},
		"a wrap around": {1<<32 - 1, 1<<32 - 1, 500, 50},
	} {
		r := sized(tc.w, tc.h)
		fit := (&sheet{canvas: newCanvas(10)}).fit
		var got size
		if n, ok := boundSize(r, fit); !ok || n != tc.wantW*tc.wantH || gossh.Unmarshal(r.Payload, &got) != nil || got != (size{Columns: tc.wantW, Rows: tc.wantH}) {
			t.Errorf("%s: a change to %+v", name, got)
		}
		p := &gossh.Request{Type: "pty-req", Payload: gossh.Marshal(&terminal{Term: "x\x1b[2J", Columns: tc.w, Rows: tc.h, Modes: "\x01\x00"})}
		var term terminal
		if !boundTerminal(p, fit) || gossh.Unmarshal(p.Payload, &term) != nil || term != (terminal{Term: "dumb", Columns: tc.wantW, Rows: tc.wantH}) {
			t.Errorf("%s: a terminal of %+v", name, term)
		}
	}
	for _, r := range []*gossh.Request{{Type: "window-change", Payload: []byte{1}}, {Type: "pty-req", Payload: []byte("nonsense")}} {
		fit := (&sheet{canvas: newCanvas(10)}).fit
		if _, ok := boundSize(r, fit); ok || boundTerminal(r, fit) {
			t.Errorf("%s of nonsense is taken", r.Type)
		}
	}
}

func TestTheScreensOfAKeyShareTheirCells(t *testing.T) {
	t.Parallel()
	c := newCanvas(10)
	var all []*sheet
	for range 20 {
		s := &sheet{canvas: c, fingerprint: "one"}
		s.fit(20_000, 20_000)
		all = append(all, s)
	}
	total := 0
	for i, s := range all {
		total += s.has
		if s.has < usualColumns*usualRows {
			t.Errorf("screen %d has %d cells", i, s.has)
		}
	}
	if most := 10*cellsEach + len(all)*usualColumns*usualRows; total > most {
		t.Errorf("they have %d cells, want %d at most", total, most)
	}
	if w, h := all[19].fit(20_000, 20_000); w != usualColumns || h != usualRows {
		t.Errorf("the last gets %d x %d", w, h)
	}
	if w, h := (&sheet{canvas: c, fingerprint: "another"}).fit(200, 60); w != 200 || h != 60 {
		t.Errorf("another key gets %d x %d", w, h)
	}
	for _, s := range all[1:] {
		s.free()
	}
	if w, h := all[0].fit(100, 30); w != 100 || h != 30 {
		t.Errorf("a smaller screen is %d x %d", w, h)
	}
	if w, h := all[1].fit(500, 50); w != 500 || h != 50 {
		t.Errorf("what was freed is not given again: %d x %d", w, h)
	}
	all[0].free()
	all[1].free()
	for i := range 10 { // as many sessions as a key may have, each on a screen of 120 x 40
		if w, h := all[i].fit(120, 40); w != 120 || h != 40 {
			t.Errorf("session %d gets %d x %d", i, w, h)
		}
	}
	for _, s := range all[:10] {
		s.free()
	}
	if c.taken["one"] != 0 {
		t.Errorf("%d cells are still taken", c.taken["one"])
	}
}

func TestTheWaitBetweenSizes(t *testing.T) {
	t.Parallel()
	ms := func(n ...int) (out []time.Duration) {
		for _, n := range n {
			out = append(out, time.Duration(n)*time.Millisecond)
		}
		return out
	}
	for name, tc := range map[string]struct {
		w, h  uint32
		every time.Duration // a size comes
		waits []time.Duration
	}{
		"a storm":                   {80, 24, time.Millisecond, ms(50, 100, 200, 250, 250)},
		"a storm at a large screen": {500, 50, time.Millisecond, ms(500, 500, 500)},
		"now and then":              {80, 24, time.Second, ms(1000, 1000, 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in, out := make(chan *gossh.Request), make(chan *gossh.Request)
				go screen(in, out, (&sheet{canvas: newCanvas(10)}).fit)
				stop := make(chan struct{})
				go func() {
					defer close(in)
					in <- &gossh.Request{Type: "shell"}
					for {
						in <- sized(tc.w, tc.h)
						select {
						case <-stop:
							return
						case <-time.After(tc.every):
						}
					}
				}()
				<-out
				<-out
				last := time.Now()
				for i, want := range tc.waits {
					<-out
					if got := time.Since(last); got.Round(2*time.Millisecond) != want {
						t.Errorf("size %d comes after %v, want %v", i+2, got, want)
					}
					last = time.Now()
				}
				close(stop)
				for range out { //nolint:revive // what is left
				}
			})
		})
	}
}

func TestAStormOfSizesComesToItsLast(t *testing.T) {
	t.Parallel()
	in, out := make(chan *gossh.Request), make(chan *gossh.Request)
	go screen(in, out, (&sheet{canvas: newCanvas(10)}).fit)
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

func TestTheNameOfATerminalIsBounded(t *testing.T) {
	t.Parallel()
	for name, ok := range map[string]bool{
		"xterm-256color": true, "screen.xterm+x_1": true, "9term": true, strings.Repeat("x", 64): true,
		"": false, "-x": false, ".x": false, "x y": false, "x\x1b": false, "x/../y": false, "ä": false, strings.Repeat("x", 65): false,
	} {
		if terminalName(name) != ok {
			t.Errorf("%q counts: %v", name, !ok)
		}
	}
}

func TestTheEnvironmentIsBounded(t *testing.T) {
	t.Parallel()
	n, taken := 0, 0
	for range 1000 {
		if allowed(&gossh.Request{Type: "env", Payload: gossh.Marshal(struct{ Name, Value string }{"LC_ALL", "C"})}, &n, nil) {
			taken++
		}
	}
	if taken != mostVariables {
		t.Errorf("%d variables are taken", taken)
	}
	if allowed(&gossh.Request{Type: "exec", Payload: make([]byte, longestCommand+1)}, &n, nil) {
		t.Error("a command of any length is taken")
	}
}
