package localtenant

import (
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Plans a tenant can be on. They differ in their rate limits.
const (
	PlanFree       = "free"
	PlanPro        = "pro"
	PlanEnterprise = "enterprise"
	PlanUnlimited  = "unlimited"
)

// Options says what tenant to make.
type Options struct {
	Users int              // how many people to generate, besides the three operators
	Seed  uint64           // the same seed makes the same people
	Plan  string           // free, pro, enterprise or unlimited; empty is unlimited
	Data  []byte           // users in Auth0's import format (a JSON array), instead of generated ones
	Now   func() time.Time // the clock, time.Now when nil
	// State is a file that keeps the tenant across runs. Where it exists, Users, Seed and Data do not count.
	State string
	// Tell takes a sentence about something out of the ordinary, such as a change that a crash cut off; may be nil.
	Tell func(string)
	// SearchLag is how long the search index trails behind a write. Zero is one second, negative is no lag.
	SearchLag time.Duration
	// RefreshLeeway is how long the previous refresh token may be used again after a rotation. Zero is not at all.
	RefreshLeeway time.Duration
	// DefaultAudience is the API of sign-ins that name none. Empty, as at Auth0, is none.
	DefaultAudience string
	// GatewayKey is a public key in PEM, by whose private half the gateway may sign its assertions. Nil is none: the gateway
	// has its secret.
	GatewayKey []byte
	// DeviceInterval is how long a device must wait between two polls, in whole seconds. Zero is Auth0's five.
	DeviceInterval time.Duration
	// CodeLife is how long a device code can be approved, in whole seconds. Zero is Auth0's fifteen minutes.
	CodeLife time.Duration
	// TokenLife is how long an operator's access token is good, in whole seconds. Zero is Auth0's day.
	TokenLife time.Duration
}

// Tenant is one tenant with everything in it. It is safe for concurrent use.
type Tenant struct {
	mu   sync.Mutex
	now  func() time.Time
	opts Options
	born time.Time
	base string
	wall *shiftedClock
	ids  *mathrand.Rand // ids of what is created later, from the seed

	users *table[*user] // current records; a record is never changed in place
	index *searchIndex  // what the search sees
	known *lookups      // current records by address, name, phone and identity

	connections *table[*connection]
	apis        *table[*resourceServer]
	clients     *table[*client]
	orgs        *table[*organization]
	roles       *table[*role]

	userRoles *table[[]string]     // by user id, as the rest down to grants; changed by setRoles
	members   *table[[]membership] // changed by setMemberships
	userPerms *table[[]permission]
	methods   *table[[]*authMethod]
	blocks    *table[[]block]
	sessions  *table[[]*session]
	grants    *table[[]*refreshRow]
	jobs      *table[*job]
	holdings

	holders map[string]*ids // users by role
	inOrg   map[string]*ids // users by organization

	// bornFactor and bornBlocks are as at the start: old log events are derived from them.
	bornFactor map[string]bool
	bornBlocks map[string][]block
	events     *table[*logEvent] // written while running, oldest first
	past       func() *past      // of the month before the start
	logTick    int

	authority

	state   *state // nil: nothing is kept
	buckets map[string]*bucket
	faults  []*fault
	dice    *mathrand.Rand // which requests a fault hits
	mux     http.Handler
	// switchboard answers what the tenant is told to do, see control.
	switchboard http.Handler
}

// New makes a tenant. SetBaseURL must be called before it is served.
func New(o Options) (*Tenant, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.SearchLag == 0 {
		o.SearchLag = time.Second
	}
	if o.DeviceInterval == 0 {
		o.DeviceInterval = deviceInterval
	}
	if o.CodeLife == 0 {
		o.CodeLife = deviceLife
	}
	if o.TokenLife == 0 {
		o.TokenLife = accessLife
	}
	if o.Plan == "" {
		o.Plan = PlanUnlimited
	}
	if !slices.Contains([]string{PlanFree, PlanPro, PlanEnterprise, PlanUnlimited}, o.Plan) {
		return nil, fmt.Errorf("plan %q is not one of free, pro, enterprise, unlimited", o.Plan)
	}
	if o.Users < 0 {
		return nil, errors.New("the number of users is negative")
	}
	wall := &shiftedClock{base: o.Now}
	t := &Tenant{
		wall: wall, now: wall.now, opts: o, born: o.Now().UTC(), base: "http://localhost", authority: newAuthority(),
		dice: mathrand.New(mathrand.NewPCG(o.Seed, 0x6661756c74)), holdings: newHoldings(),
		ids:   mathrand.New(mathrand.NewPCG(o.Seed, 0x75736865)),
		users: newTable[*user]("user"), index: newSearchIndex(), known: newLookups(),
		connections: newTable[*connection]("connection"), apis: newTable[*resourceServer]("api"), clients: newTable[*client]("client"),
		orgs: newTable[*organization]("organization"), roles: newTable[*role]("role"), userRoles: newTable[[]string]("user roles"),
		userPerms: newTable[[]permission]("user permissions"), methods: newTable[[]*authMethod]("authentication methods"),
		blocks: newTable[[]block]("blocks"), sessions: newTable[[]*session]("sessions"), grants: newTable[[]*refreshRow]("refresh tokens"),
		members: newTable[[]membership]("memberships"), holders: map[string]*ids{}, inOrg: map[string]*ids{},
		jobs: newTable[*job]("job"), events: newTable[*logEvent]("log event"), buckets: map[string]*bucket{},
	}
	if o.State != "" {
		var err error
		if t.state, err = openState(o.State); err != nil {
			return nil, err
		}
	}
	if err := t.fill(); err != nil {
		if t.state != nil {
			err = errors.Join(err, t.state.close())
		}
		return nil, err
	}
	if o.GatewayKey != nil {
		if err := t.AddClientKey(gatewayClientID, o.GatewayKey, "RS256"); err != nil {
			return nil, errors.Join(err, t.Close())
		}
	}
	// A 2048-bit key takes longer than all the people: it is made in the background, and waited for at the first signature.
	go t.needKeys(keyCurrent) //nolint:errcheck // the first caller that needs the key tries again and gets the error
	t.mux, t.switchboard = t.routes(), t.controls()
	return t, nil
}

// fill takes the tenant up from its state file, or makes a new one.
func (t *Tenant) fill() error {
	if t.state != nil {
		found, err := t.resume()
		if err != nil {
			return err
		}
		if found {
			t.listen()
			return nil
		}
	}
	t.furnish()
	if t.opts.Data != nil {
		if err := t.load(t.opts.Data); err != nil {
			return err
		}
	} else {
		t.populate(t.opts.Users)
	}
	t.addOperators()
	t.rememberPast()
	if t.state == nil {
		return nil
	}
	t.listen()
	return t.snapshot()
}

// Handler answers requests to the tenant.
func (t *Tenant) Handler() http.Handler { return t.mux }

// SetBaseURL says under which address the tenant is reached, such as "http://127.0.0.1:4321". Call it once, before
// serving.
func (t *Tenant) SetBaseURL(base string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.base = strings.TrimRight(base, "/")
	for _, a := range t.apis.all() {
		if a.System {
			a.Identifier = t.base + "/api/v2/"
			t.apis.set(a.ID, a)
		}
	}
}

// Issuer is the iss of the tenant's tokens. It ends with a slash, as Auth0's does.
func (t *Tenant) Issuer() string { return t.base + "/" }

// ManagementAudience is the identifier of the Management API.
func (t *Tenant) ManagementAudience() string { return t.base + "/api/v2/" }

// M2M is the client of the gateway: machine to machine, with every Management API scope.
func (t *Tenant) M2M() (clientID, clientSecret string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return gatewayClientID, t.clients.at(gatewayClientID).Secret
}

// Device is the native app operators sign in with, and the identifier of usher's own API.
func (t *Tenant) Device() (clientID, audience string) { return consoleClientID, UsherAudience }

// put stores a record, at once for reads and a moment later for the search.
func (t *Tenant) put(u *user) {
	t.settleIn(u)
	t.queue(u.ID, u)
}

// settleIn stores a record for reads.
func (t *Tenant) settleIn(u *user) {
	if old := t.users.at(u.ID); old != nil {
		t.known.remove(old)
	}
	t.users.set(u.ID, u)
	t.known.add(u)
}

func (t *Tenant) queue(id string, u *user) {
	if t.opts.SearchLag < 0 {
		t.index.apply(id, u)
		return
	}
	t.index.pending = append(t.index.pending, indexWrite{at: t.now().Add(t.opts.SearchLag), id: id, u: u})
}

const (
	hexDigits = "0123456789abcdef"
	alnum     = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	upperNum  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// pick makes an id of n characters of set. Ids are not secrets: they come from the seed, so that runs compare.
func pick(r *mathrand.Rand, n int, set string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = set[r.IntN(len(set))]
	}
	return string(b)
}

// secret makes an unguessable string of n characters of set.
func secret(n int, set string) string {
	raw, b := make([]byte, n), make([]byte, n)
	rand.Read(raw) //nolint:errcheck // crypto/rand.Read never fails
	for i := range b {
		b[i] = set[int(raw[i])%len(set)]
	}
	return string(b)
}
