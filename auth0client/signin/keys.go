package signin

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"usher/auth0client/signin/privatefile"
)

// ErrKeys: the tenant's signing keys cannot be read.
var ErrKeys = errors.New("the tenant's signing keys cannot be read")

const (
	// keysKept is how long the tenant's keys count where it does not say itself.
	keysKept = 10 * time.Minute
	// Auth0 says 15 seconds, which would cost a request a minute for nothing.
	keysKeptLeast, keysKeptMost = time.Minute, 24 * time.Hour
	// staleKeys is how long past their time known keys still count while newer ones are on their way.
	staleKeys = time.Hour
	// lastResort is how long keys count when newer ones cannot be had: an outage must not sign everybody out.
	lastResort = 24 * time.Hour
	// refetchEvery bounds how often an unknown key id makes the keys be read again.
	refetchEvery = time.Minute
	// retryKeys is how long after a failure the first keys are asked for again.
	retryKeys = 2 * time.Second
	// leastBits is the shortest RSA key that counts (RFC 7518 §3.3).
	leastBits = 2048
)

// KeysConfig is whose keys, and where they are kept between runs.
type KeysConfig struct {
	Issuer string
	HTTP   *http.Client
	Now    func() time.Time
	Cache  string // a file in a folder of usher's own; empty: in memory only
}

// Keys are a tenant's published signing keys. Several verifiers may share them. They are safe for concurrent use, and
// nobody who needs a key that is known waits for the network.
type Keys struct {
	cfg     KeysConfig
	reading flight
	work    sync.WaitGroup
	ctx     context.Context //nolint:containedctx // of reads in the background, ended by Close
	stop    context.CancelFunc

	mu     sync.Mutex
	opened bool // the cache was looked at
	known  map[string]*rsa.PublicKey
	read   time.Time // when the keys were read
	until  time.Time // how long they count
	tried  time.Time // when reading them was last tried
	failed error     // why that failed, the last time it did
}

// NewKeys makes an empty set. It reads nothing yet.
func NewKeys(cfg KeysConfig) *Keys {
	cfg.HTTP = noRedirects(cfg.HTTP)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Keys{cfg: cfg, reading: newFlight(), ctx: ctx, stop: stop}
}

// Close ends reads in the background.
func (k *Keys) Close() {
	k.stop()
	k.work.Wait()
}

// find gives the key of an id. A known key is given at once; it is renewed in the background when its time is over.
func (k *Keys) find(ctx context.Context, id string) (*rsa.PublicKey, error) {
	key, age := k.look(id)
	if key != nil && age < staleKeys {
		if age > 0 {
			k.renew()
		}
		return key, nil
	}
	if key == nil && !k.mayTry() && k.reading.try() {
		// It is too soon to read them again, and nobody is about to: a read that was under way has ended by now.
		defer k.reading.leave()
		if key, age = k.look(id); key != nil && age < lastResort {
			return key, nil
		}
		return nil, k.unknown()
	}
	if err := k.reading.enter(ctx); err != nil {
		return nil, err
	}
	defer k.reading.leave()
	var failed error
	if again, age := k.look(id); again != nil && age < staleKeys {
		return again, nil // somebody else read them meanwhile
	}
	if k.mayTry() {
		failed = k.fetch(ctx)
	}
	switch key, age = k.look(id); {
	case key != nil && age < lastResort:
		return key, nil
	case failed != nil:
		return nil, failed
	}
	return nil, k.unknown()
}

// unknown is why there is no key: where none could be read so far, nothing can be said of a signature.
func (k *Keys) unknown() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.known) == 0 && k.failed != nil {
		return k.failed
	}
	return ErrSignature
}

// look gives a known key, and for how long its time has been over.
func (k *Keys) look(id string) (*rsa.PublicKey, time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.opened {
		k.opened = true
		k.open()
	}
	now := k.cfg.Now()
	if now.Before(k.read) { // the clock went back: how old they are cannot be told
		return k.known[id], time.Nanosecond
	}
	return k.known[id], max(0, now.Sub(k.until))
}

// mayTry reports whether the keys may be read now: seldom for unknown ids, soon after a failure where there are none.
func (k *Keys) mayTry() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	since, wait := k.cfg.Now().Sub(k.tried), refetchEvery
	if len(k.known) == 0 {
		wait = retryKeys
	}
	return k.tried.IsZero() || since < 0 || since >= wait
}

func (k *Keys) renew() {
	if !k.mayTry() || !k.reading.try() {
		return
	}
	k.mu.Lock()
	k.tried = k.cfg.Now()
	k.mu.Unlock()
	k.work.Go(func() {
		defer k.reading.leave()
		_ = caught("read the tenant's keys", func() error { return k.fetch(k.ctx) }) // the old keys count meanwhile, and the next caller tries again
	})
}

func (k *Keys) fetch(ctx context.Context) error {
	now := k.cfg.Now()
	k.mu.Lock()
	k.tried = now
	k.mu.Unlock()
	known, set, kept, err := k.get(ctx)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrKeys, err)
		k.mu.Lock()
		if ctx.Err() != nil && len(k.known) == 0 {
			k.tried = time.Time{} // who asked is gone; others who wait ask themselves
		} else {
			k.failed = err
		}
		k.mu.Unlock()
		return err
	}
	k.mu.Lock()
	k.known, k.read, k.until = known, now, now.Add(kept)
	k.mu.Unlock()
	k.save(cachedKeys{Issuer: k.cfg.Issuer, Read: now, Until: now.Add(kept), Keys: set})
	return nil
}

func (k *Keys) get(ctx context.Context) (map[string]*rsa.PublicKey, jose.JSONWebKeySet, time.Duration, error) {
	var set jose.JSONWebKeySet
	address := strings.TrimSuffix(k.cfg.Issuer, "/") + "/.well-known/jwks.json"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, set, 0, err
	}
	res, err := k.cfg.HTTP.Do(req)
	if err != nil {
		return nil, set, 0, err
	}
	defer res.Body.Close() //nolint:errcheck // read already
	if res.StatusCode != http.StatusOK {
		return nil, set, 0, fmt.Errorf("%s answers with HTTP %d", address, res.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&set); err != nil {
		return nil, set, 0, fmt.Errorf("%s answers with something else: %w", address, err)
	}
	known := usable(set)
	if len(known) == 0 {
		return nil, set, 0, fmt.Errorf("%s has no RSA key of %d bits or more", address, leastBits)
	}
	return known, set, lifetime(res.Header), nil
}

// usable are the keys that can sign a token for usher: RSA, long enough, with an id.
func usable(set jose.JSONWebKeySet) map[string]*rsa.PublicKey {
	known := make(map[string]*rsa.PublicKey, len(set.Keys))
	for _, one := range set.Keys {
		key, ok := one.Key.(*rsa.PublicKey)
		if ok && one.KeyID != "" && key.N.BitLen() >= leastBits && (one.Use == "" || one.Use == "sig") {
			known[one.KeyID] = key
		}
	}
	return known
}

// lifetime is how long an answer says that it counts.
func lifetime(h http.Header) time.Duration {
	m := regexp.MustCompile(`(?i)(?:^|[\s,])max-age="?(\d{1,9})`).FindStringSubmatch(h.Get("Cache-Control"))
	if m == nil {
		return keysKept
	}
	seconds, err := strconv.Atoi(m[1])
	if err != nil {
		return keysKept
	}
	return min(max(time.Duration(seconds)*time.Second, keysKeptLeast), keysKeptMost)
}

// cachedKeys is the set as it lies on the disk. Nothing in it is secret, but nobody else may change it.
type cachedKeys struct {
	Issuer string             `json:"issuer"`
	Read   time.Time          `json:"read"`
	Until  time.Time          `json:"until"`
	Keys   jose.JSONWebKeySet `json:"keys"`
}

// open takes up the keys of an earlier run. What cannot be read is read from the tenant. The caller holds k.mu.
func (k *Keys) open() {
	if k.cfg.Cache == "" {
		return
	}
	data, err := privatefile.Read(k.cfg.Cache)
	if err != nil {
		return
	}
	var c cachedKeys
	if err := json.Unmarshal(data, &c); err != nil || c.Issuer != k.cfg.Issuer || c.Until.Sub(c.Read) > keysKeptMost {
		return
	}
	k.known, k.read, k.until = usable(c.Keys), c.Read, c.Until
}

// save keeps the keys for the next run. A folder that cannot be written costs that run one request.
func (k *Keys) save(c cachedKeys) {
	if k.cfg.Cache == "" {
		return
	}
	data, err := json.Marshal(c)
	if err == nil && privatefile.Folder(filepath.Dir(k.cfg.Cache)) == nil {
		_ = privatefile.Write(k.cfg.Cache, data)
	}
}
