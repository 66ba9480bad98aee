package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// checker follows a chain line by line. It reads only what every line has in the same place, so that a check costs little
// more than the two hashes of a line.
type checker struct {
	seals   *sealer // nil: the key is not at hand, the chain alone is checked
	gateway string
	mark    []byte // how a line says its gateway
	seq     uint64
	hash    string
	lines   int
	open    map[string]intent // changes without an outcome, by their id
	anchors []Anchor
	buf     [hexLength]byte
}

// intent is a change whose outcome was not read yet.
type intent struct {
	seq   uint64
	line  []byte // nil where only its number is known
	noted bool   // somebody was told that its outcome is unknown
}

func newChecker(s *sealer, gateway string) *checker {
	c := &checker{seals: s, gateway: gateway, hash: noHash(), open: map[string]intent{}}
	if gateway != "" {
		c.mark = []byte(`,"gateway":"` + rawID(gateway) + `"`)
	}
	return c
}

const (
	seqMark  = `{"seq":`
	timeMark = `,"time":"`
	stepMark = `","step":"`
	idMark   = `","id":"`
	prevMark = `,"prev":"`
	macMark  = `","mac":"`
	endMark  = "\"}\n"
	tailSize = len(prevMark) + hexLength + len(macMark) + hexLength + len(endMark)
)

// parts are what the checker needs of a line. They point into it.
type parts struct {
	seq            uint64
	step, id       []byte
	body, prev, mc []byte
}

// split takes a line apart. It accepts nothing that usher would write in another way in these places.
func split(line []byte) (p parts, ok bool) {
	if len(line) < len(seqMark)+tailSize || len(line) > longestLine {
		return p, false
	}
	tail := line[len(line)-tailSize:]
	p.body = line[:len(line)-len(endMark)-hexLength-len(macMark)+1]
	head, ok := bytes.CutPrefix(line[:len(line)-tailSize], []byte(seqMark))
	if !ok || !bytes.HasPrefix(tail, []byte(prevMark)) || !bytes.HasSuffix(tail, []byte(endMark)) {
		return p, false
	}
	p.prev, tail = tail[len(prevMark):len(prevMark)+hexLength], tail[len(prevMark)+hexLength:]
	if !bytes.HasPrefix(tail, []byte(macMark)) {
		return p, false
	}
	p.mc = tail[len(macMark) : len(macMark)+hexLength]
	digits, rest, ok := bytes.Cut(head, []byte(timeMark))
	if !ok || len(digits) == 0 || digits[0] == '0' || len(digits) > 19 {
		return p, false
	}
	for _, d := range digits {
		if d < '0' || d > '9' {
			return p, false
		}
		p.seq = p.seq*10 + uint64(d-'0')
	}
	_, rest, ok = bytes.Cut(rest, []byte(stepMark))
	if !ok {
		return p, false
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return p, false
	}
	p.step = rest[:end]
	if id, ok := bytes.CutPrefix(rest[end:], []byte(idMark)); ok {
		if p.id, ok = untilQuote(id); !ok {
			return p, false
		}
	}
	return p, true
}

// untilQuote gives the inside of a JSON text, escapes left as they are: equal ids are written equally.
func untilQuote(b []byte) ([]byte, bool) {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return b[:i], true
		}
	}
	return nil, false
}

// rawID is an id as it stands in a line.
func rawID(id string) string {
	data, err := json.Marshal(id)
	if err != nil {
		return ""
	}
	return string(bytes.Trim(escape(data), `"`))
}

// plainID is the id that stands in a line as raw.
func plainID(raw string) string {
	var id string
	if err := json.Unmarshal([]byte(`"`+raw+`"`), &id); err != nil {
		return raw
	}
	return id
}

// next checks the line that follows. When it is wrong, why says so.
func (c *checker) next(line []byte) (why string) {
	p, ok := split(line)
	switch {
	case !ok:
		return "it is not a journal entry"
	case c.seals != nil && !c.seals.fits(p.body, p.mc):
		return "its seal is broken: the line was changed, or written without the journal's key"
	case p.seq != c.seq+1:
		return fmt.Sprintf("line number %d stands there: lines are missing, doubled or moved", p.seq)
	case string(p.prev) != c.hash:
		return "it does not follow from the line before: that one was changed, or this one"
	case c.mark != nil && !bytes.Contains(line, c.mark):
		return "it belongs to another gateway"
	}
	sum := sha256.Sum256(line[:len(line)-1])
	hex.Encode(c.buf[:], sum[:])
	if why := c.anchored(p.seq); why != "" {
		return why
	}
	c.seq, c.hash = p.seq, string(c.buf[:])
	c.lines++
	c.follow(p, line)
	return ""
}

// anchored compares with what was kept elsewhere.
func (c *checker) anchored(seq uint64) string {
	for _, a := range c.anchors {
		if a.Seq == seq && a.Hash != string(c.buf[:]) {
			return "its hash is not the one that was kept elsewhere: the journal was written anew from here or before"
		}
	}
	return ""
}

func (c *checker) follow(p parts, line []byte) {
	switch string(p.step) {
	case StepIntent:
		c.open[string(p.id)] = intent{seq: p.seq, line: bytes.Clone(line)}
	case StepOutcome:
		delete(c.open, string(p.id))
	case StepNote:
		if in, ok := c.open[string(p.id)]; ok && len(p.id) > 0 {
			in.noted = true
			c.open[string(p.id)] = in
		}
	}
}

// unfinished gives the changes without an outcome, oldest first, and those that somebody was told of only if noted.
func (c *checker) unfinished(noted bool) ([]Entry, error) {
	var out []Entry
	for _, in := range c.open {
		if in.noted && !noted || in.line == nil {
			continue
		}
		e, err := decode(in.line)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int {
		if a.Seq < b.Seq {
			return -1
		}
		return 1
	})
	return out, nil
}
