package localtenant

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Rate-limit classes. A plan without a limit of its own for one counts it with the others.
const (
	classReadUsers           = "read users"
	classWriteUsers          = "write users"
	classDeleteUsers         = "delete users"
	classLogs                = "read logs"
	classConnections         = "read connections"
	classClients             = "read clients"
	classWriteDevices        = "write device credentials"
	classOrgs                = "read organizations"
	classOrg                 = "read organization by id"
	classOrgByName           = "read organization by name"
	classWriteOrgs           = "write organizations"
	classUserOrgs            = "read a user's organizations"
	classOrgMembers          = "read organization members"
	classWriteOrgMembers     = "write organization members"
	classInvitations         = "read organization invitations"
	classWriteInvitations    = "write organization invitations"
	classMemberRoles         = "read organization member roles"
	classWriteMemberRoles    = "write organization member roles"
	classOrgConnections      = "read organization connections"
	classWriteOrgConnections = "write organization connections"
	classOther               = "other"
)

// limit is a bucket of burst requests, refilled by perMinute.
type limit struct{ burst, perMinute float64 }

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

// bucketFor is the bucket of a class under the tenant's plan; nil when nothing is limited.
func (t *Tenant) bucketFor(class string) *bucket {
	var own map[string]limit
	var others limit
	switch t.opts.Plan {
	case PlanFree:
		others = limit{2, 120}
	case PlanPro:
		own, others = proLimits(), limit{10, 150}
	case PlanEnterprise:
		own, others = enterpriseLimits(), limit{50, 16 * 60}
	default:
		return nil
	}
	l, has := own[class]
	if !has {
		class, l = classOther, others
	}
	return t.bucketOf(class, l.burst, l.perMinute/60)
}

// proLimits are those of the self-service plans (Essentials, Professional).
func proLimits() map[string]limit {
	return map[string]limit{
		classReadUsers: {40, 500}, classWriteUsers: {20, 200}, classDeleteUsers: {20, 200}, classLogs: {10, 100},
		classConnections: {5, 50}, classClients: {5, 100}, classWriteDevices: {5, 100}, classOrgs: {5, 50}, classOrg: {20, 200},
		classOrgByName: {10, 100}, classWriteOrgs: {5, 25}, classOrgMembers: {40, 500}, classWriteOrgMembers: {20, 200},
		classMemberRoles: {20, 200}, classWriteMemberRoles: {20, 200}, classOrgConnections: {5, 50}, classWriteOrgConnections: {5, 25},
	}
}

// enterpriseLimits are those that enterprise plans have besides the limit of everything else.
func enterpriseLimits() map[string]limit {
	return map[string]limit{
		classOrgs: {10, 100}, classOrg: {10, 100}, classUserOrgs: {40, 500}, classOrgByName: {20, 200}, classWriteOrgs: {5, 150},
		classOrgMembers: {40, 500}, classWriteOrgMembers: {20, 200}, classInvitations: {20, 200}, classWriteInvitations: {20, 200},
		classMemberRoles: {20, 200}, classWriteMemberRoles: {20, 200}, classOrgConnections: {10, 100}, classWriteOrgConnections: {5, 150},
	}
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
