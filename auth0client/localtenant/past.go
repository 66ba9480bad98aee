package localtenant

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/fnv"
	mathrand "math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// past is the log of the month before the tenant was made, kept small: 200,000 people have a million events. Its fields
// are exported because a state file keeps them.
type past struct {
	Kinds   []eventKind
	Agents  []string
	Clients []string
	People  []pastPerson
	Events  []pastEvent // newest first

	person map[string]uint32   // user id to place in People
	of     map[uint32][]uint32 // place in People to places in Events, newest first; filled on first use
}

type eventKind struct{ Type, Description string }

// pastPerson is whom an event is about, as they were then. An unknown name has no ID.
type pastPerson struct{ ID, Name, Connection string }

// pastEvent points into the lists of its past.
type pastEvent struct {
	At                  int64 // Unix milliseconds
	Person              uint32
	IP, Tail            uint32
	Kind, Agent, Client uint8
}

// nobody stands for an event that is about no user.
const nobody = ^uint32(0)

// history writes a past.
type history struct {
	*past
	t    *Tenant
	rand *mathrand.Rand // of the person at hand
	kind map[eventKind]uint8
}

// makePast derives the month before the start from the people of the start: the same every time for one seed and clock.
func makePast(t *Tenant, people []*user) *past {
	h := &history{t: t, kind: map[eventKind]uint8{}, past: &past{
		Agents: agents(), Clients: []string{shopClientID, consoleClientID, gatewayClientID, syncClientID},
		Events: make([]pastEvent, 0, 5*len(people)), People: make([]pastPerson, 0, len(people)),
	}}
	for _, u := range people {
		h.person(u)
	}
	h.rand = mathrand.New(mathrand.NewPCG(t.opts.Seed, 0x696e63))
	h.machines()
	h.incidents(people)
	slices.SortFunc(h.Events, func(a, b pastEvent) int {
		return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.Tail, a.Tail))
	})
	h.index()
	return h.past
}

// check refuses a past whose events point outside its lists.
func (p *past) check() error {
	for _, e := range p.Events {
		if e.Person != nobody && int(e.Person) >= len(p.People) || int(e.Kind) >= len(p.Kinds) || int(e.Agent) >= len(p.Agents) || int(e.Client) >= len(p.Clients) {
			return errors.New("the old log points to something that is not there")
		}
	}
	return nil
}

// MarshalJSON writes an event as a row of numbers.
func (e pastEvent) MarshalJSON() ([]byte, error) {
	return json.Marshal([7]int64{e.At, int64(e.Person), int64(e.IP), int64(e.Tail), int64(e.Kind), int64(e.Agent), int64(e.Client)})
}

// UnmarshalJSON reads a row of numbers.
func (e *pastEvent) UnmarshalJSON(raw []byte) error {
	var n [7]int64
	if err := json.Unmarshal(raw, &n); err != nil {
		return err
	}
	*e = pastEvent{At: n[0], Person: uint32(n[1]), IP: uint32(n[2]), Tail: uint32(n[3]), Kind: uint8(n[4]), Agent: uint8(n[5]), Client: uint8(n[6])}
	return nil
}

func (p *past) index() {
	p.person = make(map[string]uint32, len(p.People))
	for i, who := range p.People {
		if who.ID != "" {
			p.person[who.ID] = uint32(i)
		}
	}
}

// about are the places of the events about one user, newest first.
func (p *past) about(userID string) []uint32 {
	who, known := p.person[userID]
	if !known {
		return nil
	}
	if p.of == nil {
		p.of = make(map[uint32][]uint32, len(p.People))
		for i, e := range p.Events {
			p.of[e.Person] = append(p.of[e.Person], uint32(i))
		}
	}
	return p.of[who]
}

// since is how many events are not older than a time; they are newest first.
func (p *past) since(at time.Time) int {
	oldest := at.UnixMilli()
	n, _ := slices.BinarySearchFunc(p.Events, oldest, func(e pastEvent, oldest int64) int {
		if e.At >= oldest {
			return -1
		}
		return 1
	})
	return n
}

// event writes one out.
func (p *past) event(t *Tenant, i uint32) *logEvent {
	e := p.Events[i]
	at := time.UnixMilli(e.At).UTC()
	out := &logEvent{ID: logID(at, uint64(e.Tail)<<16|uint64(i&0xffff)), Type: p.Kinds[e.Kind].Type, Description: p.Kinds[e.Kind].Description, At: at,
		ClientID: p.Clients[e.Client], IP: addressOf(e.IP), Agent: p.Agents[e.Agent]}
	if e.Person != nobody {
		who := p.People[e.Person]
		out.UserID, out.UserName, out.Connection = who.ID, who.Name, who.Connection
		out.from(t)
	}
	return out
}

func addressOf(ip uint32) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], ip)
	return netip.AddrFrom4(b).String()
}

func packed(ip string) uint32 {
	a, err := netip.ParseAddr(ip)
	if err != nil || !a.Is4() {
		return 0xc6336407 // 198.51.100.7
	}
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

// add writes an event about who, unless it lies outside the month.
func (h *history) add(at time.Time, who uint32, ip uint32, agent uint8, kind, description string) {
	if at.After(h.t.born) || h.t.born.Sub(at) > retention {
		return
	}
	k := eventKind{kind, description}
	place, known := h.kind[k]
	if !known {
		place = uint8(len(h.Kinds))
		h.kind[k] = place
		h.Kinds = append(h.Kinds, k)
	}
	h.Events = append(h.Events, pastEvent{At: at.UnixMilli(), Person: who, IP: ip, Tail: h.rand.Uint32(), Kind: place, Agent: agent})
}

// byClient makes the event just added one of another client.
func (h *history) byClient(n uint8) {
	if len(h.Events) > 0 {
		h.Events[len(h.Events)-1].Client = n
	}
}

func (h *history) someone(id, name, connection string) uint32 {
	h.People = append(h.People, pastPerson{id, name, connection})
	return uint32(len(h.People) - 1)
}

// person writes what one user did: sign-ups, sign-ins by day and hour as people do, slips, second factors, blocks.
func (h *history) person(u *user) {
	f := fnv.New64a()
	f.Write([]byte(u.ID)) //nolint:errcheck // a hash never fails
	h.rand = mathrand.New(mathrand.NewPCG(h.t.opts.Seed, f.Sum64()))
	who := h.someone(u.ID, u.loginName(), u.connection())
	agent := uint8(h.rand.IntN(len(h.Agents)))
	home := packed(u.LastIP)
	if !u.LastLogin.IsZero() {
		at := u.LastLogin
		for range 2 + h.rand.IntN(6) {
			h.login(at, who, home, agent, u)
			at = rhythmic(h.rand, at.Add(-time.Duration(1+h.rand.IntN(96))*time.Hour))
			if !at.After(u.Created) {
				break
			}
		}
	}
	h.add(u.Created, who, home, agent, "ss", "")
	if u.EmailVerified != nil && *u.EmailVerified {
		h.add(u.Created.Add(9*time.Minute), who, home, agent, "sv", "Your email was verified. You can continue using the application.")
	}
	if !u.LastPassword.IsZero() {
		h.add(u.LastPassword.Add(-4*time.Minute), who, home, agent, "scpr", "")
		h.add(u.LastPassword, who, home, agent, "scp", "")
	}
	if u.isBlocked() {
		h.add(h.t.born.Add(-time.Duration(20+h.rand.IntN(700))*time.Minute), who, home, agent, "f", "user is blocked")
	}
	for _, b := range h.t.bornBlocks[u.ID] {
		h.locked(who, packed(b.IP), agent, h.t.born.Add(-time.Duration(30+h.rand.IntN(400))*time.Minute))
	}
}

// login writes one sign-in with what goes with it.
func (h *history) login(at time.Time, who, ip uint32, agent uint8, u *user) {
	if h.rand.IntN(6) == 0 && u.Identities[0].Provider == "auth0" {
		h.add(at.Add(-20*time.Second), who, ip, agent, "fp", "Wrong email or password.")
	}
	if h.t.bornFactor[u.ID] {
		h.add(at.Add(-9*time.Second), who, ip, agent, "gd_start_auth", "Second factor authentication started")
		if h.rand.IntN(25) == 0 {
			h.add(at.Add(-6*time.Second), who, ip, agent, "gd_auth_failed", "Second factor authentication failed")
		}
		h.add(at.Add(-2*time.Second), who, ip, agent, "gd_auth_succeed", "Second factor authentication success")
	}
	h.add(at, who, ip, agent, "s", "Successful login")
	h.add(at.Add(800*time.Millisecond), who, ip, agent, "seacft", "Authorization Code for Access Token")
	if h.rand.IntN(4) == 0 {
		h.add(at.Add(31*time.Minute), who, ip, agent, "ssa", "")
		h.add(at.Add(61*time.Minute), who, ip, agent, "sertft", "Refresh Token for Access Token")
	}
	if h.rand.IntN(9) == 0 {
		h.add(at.Add(47*time.Minute), who, ip, agent, "slo", "User successfully logged out")
	}
}

// locked writes ten wrong passwords within a minute and the block that follows.
func (h *history) locked(who, ip uint32, agent uint8, at time.Time) {
	for n := range 10 {
		h.add(at.Add(time.Duration(n-10)*5*time.Second), who, ip, agent, "fp", "Wrong email or password.")
	}
	h.add(at, who, ip, agent, "limit_wc", "Account blocked after too many failed sign-ins from one address")
}

// machines write what runs by itself: a nightly synchronisation that changes users, and hourly tokens.
func (h *history) machines() {
	ip := packed("192.0.2.80")
	for day := range int(retention / (24 * time.Hour)) {
		night := h.t.born.Truncate(24*time.Hour).AddDate(0, 0, -day).Add(2*time.Hour + 30*time.Minute)
		h.add(night, nobody, ip, 0, "seccft", "Client Credentials for Access Token")
		h.byClient(3)
		for n := range 4 + h.rand.IntN(9) {
			h.add(night.Add(time.Duration(n+1)*700*time.Millisecond), nobody, ip, 0, "sapi", "Update a User")
			h.byClient(3)
		}
	}
}

// rhythmic moves a moment to an hour at which people sign in: mornings and evenings more than nights, weekdays more than
// weekends.
func rhythmic(r *mathrand.Rand, at time.Time) time.Time {
	const hours = "111111258998789876777642" // weight of each hour of the day, UTC
	day := at.Truncate(24 * time.Hour)
	if wd := day.Weekday(); (wd == time.Saturday || wd == time.Sunday) && r.IntN(3) > 0 {
		day = day.AddDate(0, 0, -2)
	}
	pick := r.IntN(125)
	for hour := range len(hours) {
		if pick -= int(hours[hour] - '0'); pick < 0 {
			return day.Add(time.Duration(hour)*time.Hour + time.Duration(r.IntN(3_600_000))*time.Millisecond)
		}
	}
	return day.Add(12 * time.Hour)
}
