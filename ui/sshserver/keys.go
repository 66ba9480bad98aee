package sshserver

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// Entry is what is known of an allowed key.
type Entry struct {
	Label   string // its comment
	Subject string // who alone may sign in with it; empty: anybody
}

// leastBits is the shortest RSA key that counts.
const leastBits = 2048

// line is one line of a file in authorized_keys' format.
type line struct {
	key     []byte
	entry   Entry
	from    []pattern // empty: from everywhere
	expires time.Time // zero: never
}

// pattern is an address or a network, or the exception of one.
type pattern struct {
	net netip.Prefix
	not bool
}

// parse reads allowed keys. A line that cannot be kept to in all it asks for is left out; the errors say which.
func parse(data []byte) (lines []line, wrong []error) {
	for n, text := range strings.Split(string(data), "\n") {
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		l, err := parseLine(text)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("line %d: %w", n+1, err))
			continue
		}
		lines = append(lines, l)
	}
	return lines, wrong
}

func parseLine(text string) (line, error) {
	key, comment, options, _, err := gossh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return line{}, errors.New("it is not an SSH public key")
	}
	if _, ok := key.(*gossh.Certificate); ok {
		return line{}, errors.New("certificates are not supported")
	}
	if c, ok := key.(gossh.CryptoPublicKey); ok {
		if r, ok := c.CryptoPublicKey().(*rsa.PublicKey); ok && r.N.BitLen() < leastBits {
			return line{}, fmt.Errorf("an RSA key of %d bits is too short: 2048 is the least", r.N.BitLen())
		}
	}
	l := line{key: key.Marshal(), entry: Entry{Label: printable(comment)}}
	for _, o := range options {
		if err := l.option(o); err != nil {
			return line{}, err
		}
	}
	return l, nil
}

// printable is a comment as it may be logged.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, s[:min(len(s), 100)])
}

// option heeds an option of a line. One that is not known could be a limit, so its line does not count.
func (l *line) option(o string) error {
	name, value, _ := strings.Cut(o, "=")
	if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
		value = strings.ReplaceAll(value[1:len(value)-1], `\"`, `"`)
	}
	switch strings.ToLower(name) {
	case "restrict", "no-agent-forwarding", "no-port-forwarding", "no-x11-forwarding", "no-user-rc", "pty":
		return nil // as it is for everybody
	case "subject":
		if value == "" {
			return errors.New("subject names nobody")
		}
		l.entry.Subject = value
		return nil
	case "from":
		return l.allowFrom(value)
	case "expiry-time":
		at, err := parseExpiry(value)
		l.expires = at
		return err
	}
	return fmt.Errorf("the option %s is not supported", printable(name))
}

func (l *line) allowFrom(list string) error {
	for _, text := range strings.Split(list, ",") {
		bare, not := strings.CutPrefix(strings.TrimSpace(text), "!")
		net, err := netip.ParsePrefix(bare)
		if err != nil {
			var at netip.Addr
			if at, err = netip.ParseAddr(bare); err == nil {
				net = netip.PrefixFrom(at, at.BitLen())
			}
		}
		if err != nil {
			return fmt.Errorf("from: %q is neither an address nor a network", printable(bare))
		}
		l.from = append(l.from, pattern{net.Masked(), not})
	}
	return nil
}

// parseExpiry reads sshd's YYYYMMDD[HHMM[SS]], in local time or with Z in UTC.
func parseExpiry(s string) (time.Time, error) {
	zone := time.Local
	if rest, ok := strings.CutSuffix(s, "Z"); ok {
		s, zone = rest, time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(layout) != len(s) {
			continue
		}
		if at, err := time.ParseInLocation(layout, s, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("expiry-time %q is not a time such as 20270131 or 202701311800Z", printable(s))
}

// find looks for a key among lines; the error is a [NotAllowed].
func find(lines []line, key gossh.PublicKey, address string, now time.Time) (Entry, error) {
	wire, not := string(key.Marshal()), NotAllowed{"the key is not allowed"}
	for _, l := range lines {
		if string(l.key) != wire {
			continue
		}
		switch {
		case !l.expires.IsZero() && !now.Before(l.expires):
			not.Why = "the key has expired"
		case !l.fits(address):
			not.Why = "the key is not allowed from this address"
		default:
			return l.entry, nil
		}
	}
	return Entry{}, not
}

func (l *line) fits(address string) bool {
	if len(l.from) == 0 {
		return true
	}
	at, err := netip.ParseAddr(address)
	fits := false
	for _, p := range l.from {
		if err == nil && p.net.Contains(at) {
			if p.not {
				return false
			}
			fits = true
		}
	}
	return fits
}
