package gateway

import (
	"net"
	"net/netip"
	"strings"
	"sync"
)

// Proxies are the addresses whose word about a client's own address counts.
type Proxies []netip.Prefix

func (p Proxies) trusts(a netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// client is the address a request came from: the peer's, or what trusted proxies say of it. X-Forwarded-For is read from
// its end, since anybody may have written its beginning.
func (p Proxies) client(remote string, forwarded []string) netip.Addr {
	at := addressOf(remote)
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0 && p.trusts(at); i-- {
		hop := addressOf(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			break
		}
		at = hop
	}
	return at
}

// addressOf reads an address, with or without a port; it is not valid when there is none.
func addressOf(text string) netip.Addr {
	at, err := netip.ParseAddr(text)
	if err != nil {
		if ap, err := netip.ParseAddrPort(text); err == nil {
			at = ap.Addr()
		}
	}
	return at.Unmap().WithZone("")
}

// limitListener closes connections beyond a number, in all and for each address: who opens many and says nothing must not
// keep others out. Proxies bring many operators on their addresses, so only the total counts for them.
type limitListener struct {
	net.Listener
	total, each int
	proxies     Proxies
	refused     func()

	mu   sync.Mutex
	open int
	by   map[netip.Addr]int
}

func newLimitListener(l net.Listener, total, each int, proxies Proxies, refused func()) *limitListener {
	return &limitListener{Listener: l, total: total, each: each, proxies: proxies, refused: refused, by: map[netip.Addr]int{}}
}

// Accept implements net.Listener.
func (l *limitListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addressOf(conn.RemoteAddr().String())
		if l.enter(from) {
			return &limitedConn{Conn: conn, leave: sync.OnceFunc(func() { l.exit(from) })}, nil
		}
		l.refused()
		_ = conn.Close() // it is one too many
	}
}

func (l *limitListener) enter(from netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.total || l.by[from] >= l.each && !l.proxies.trusts(from) {
		return false
	}
	l.open++
	l.by[from]++
	return true
}

func (l *limitListener) exit(from netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if l.by[from]--; l.by[from] == 0 {
		delete(l.by, from)
	}
}

func (l *limitListener) connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

type limitedConn struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *limitedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}
