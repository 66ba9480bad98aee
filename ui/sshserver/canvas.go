package sshserver

import (
	"sync"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"
)

const (
	// The sizes that programs get to see. A terminal's claim of 20,000 x 20,000 would cost gigabytes.
	minColumns, maxColumns = 20, 500
	minRows, maxRows       = 5, 200
	// mostCells is the largest screen: each of its cells takes some 400 bytes of the server.
	mostCells = 25_000
	// cellsEach is how many cells a key has for each session it may have, 120 x 40: its screens share them.
	cellsEach = 4_800
	// usualColumns and usualRows are a screen that everybody gets, whatever others with the same key have.
	usualColumns, usualRows = 80, 24
)

// canvas shares cells out among the screens of each key.
type canvas struct {
	ofKey int // cells

	mu    sync.Mutex
	taken map[string]int // by fingerprint
}

func newCanvas(perKey int) *canvas {
	return &canvas{ofKey: max(mostCells, perKey*cellsEach), taken: map[string]int{}}
}

// change takes cells for a screen that has some already, and gives how many it gets.
func (c *canvas) change(fingerprint string, has, wants int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	others := c.taken[fingerprint] - has
	gets := min(wants, max(c.ofKey-others, usualColumns*usualRows))
	if c.taken[fingerprint] = others + gets; others+gets == 0 {
		delete(c.taken, fingerprint)
	}
	return gets
}

// sheet is the part of a canvas that a channel's screen has. One goroutine at a time uses it.
type sheet struct {
	canvas      *canvas
	fingerprint string
	has         int
}

// sheet begins a part of the canvas for a channel of a connection.
func (c *canvas) sheet(ctx ssh.Context) *sheet {
	s := &sheet{canvas: c}
	if key, ok := ctx.Value(ssh.ContextKeyPublicKey).(ssh.PublicKey); ok {
		s.fingerprint = gossh.FingerprintSHA256(key)
	}
	return s
}

// fit bounds a size.
func (s *sheet) fit(columns, rows uint32) (c, r uint32) {
	c = bound(columns, minColumns, maxColumns, usualColumns)
	r = bound(rows, minRows, maxRows, usualRows)
	s.has = s.canvas.change(s.fingerprint, s.has, min(int(c*r), mostCells))
	cells := uint32(s.has) //nolint:gosec // at most mostCells
	r = min(r, max(cells/c, usualRows))
	return min(c, cells/r), r
}

// free gives the cells back.
func (s *sheet) free() { s.has = s.canvas.change(s.fingerprint, s.has, 0) }

// bound keeps a number within two others; zero means that the client does not know.
func bound(n, least, most, unknown uint32) uint32 {
	if n == 0 {
		return unknown
	}
	return min(max(n, least), most)
}
