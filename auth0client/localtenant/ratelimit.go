package localtenant

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Rate-limit classes. Plans with one bucket for everything ignore them.
const (
	classReadUsers       = "read users"
	classWriteUsers      = "write users"
	classDeleteUsers     = "delete users"
	classLogs            = "read logs"
	classConnections     = "read connections"
	classClients         = "read clients"
	classOrgs            = "read organizations"
	classOrgMembers      = "read organization members"
	classWriteOrgMembers = "write organization members"
	classOrgMemberRoles  = "organization member roles"
	classOther           = "other"
)

// bucket is a token bucket: burst tokens at most, refilled at perSecond.
type bucket struct {
	burst     float64
	perSecond float64
	tokens    float64
	at        time.Time
}

func (b *bucket) take(now time.Time) bool {
	b.tokens = math.Min(b.burst, b.tokens+max(0, now.Sub(b.at).Seconds())*b.perSecond) // a clock put back takes none away
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// reset is when the next token is there.
func (b *bucket) reset(now time.Time) time.Time {
	missing := math.Max(0, 1-(b.tokens-math.Floor(b.tokens)))
	return now.Add(time.Duration(missing / b.perSecond * float64(time.Second)))
}

func (t *Tenant) bucketFor(class string) *bucket {
	if class == "" {
		class = classOther
	}
	var burst, perSecond float64
	name := class
	switch t.opts.Plan {
	case PlanFree:
		name, burst, perSecond = "all", 2, 2
	case PlanEnterprise:
		name, burst, perSecond = "all", 50, 16
	case PlanPro:
		burst, perMinute := proLimit(class)
		return t.bucketOf(name, burst, perMinute/60)
	default:
		return nil
	}
	return t.bucketOf(name, burst, perSecond)
}

func proLimit(class string) (burst, perMinute float64) {
	switch class {
	case classReadUsers, classOrgMembers:
		return 40, 500
	case classWriteUsers, classDeleteUsers, classWriteOrgMembers, classOrgMemberRoles:
		return 20, 200
	case classLogs:
		return 10, 100
	case classConnections, classOrgs:
		return 5, 50
	case classClients:
		return 5, 100
	}
	return 10, 150
}

func (t *Tenant) bucketOf(name string, burst, perSecond float64) *bucket {
	b := t.buckets[name]
	if b == nil {
		b = &bucket{burst: burst, perSecond: perSecond, tokens: burst, at: t.now()}
		t.buckets[name] = b
	}
	return b
}

// admit takes a token for a request and sets the headers that tell about it. The unlimited plan has neither.
func (t *Tenant) admit(w http.ResponseWriter, class string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.bucketFor(class)
	if b == nil {
		return true
	}
	now := t.now()
	taken := b.take(now)
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(int(b.burst)))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(int(b.tokens)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(int64(math.Ceil(float64(b.reset(now).UnixMilli())/1000)), 10))
	return taken
}
