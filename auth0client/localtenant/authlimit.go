package localtenant

import (
	"math"
	"net/http"
	"strconv"
)

// authLimit is one of the Authentication API's rate limits: a bucket's name, its size and its refill per second.
type authLimit struct {
	name             string
	burst, perSecond float64
}

// limitOf says which limit holds for a request on a plan; none when the burst is zero.
type limitOf func(plan string, r *http.Request) authLimit

// limitAPI is what all requests of a tenant share.
//
// Source: https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy
func limitAPI(plan string, _ *http.Request) authLimit {
	switch plan {
	case PlanFree:
		return authLimit{"authentication", 300, 300.0 / 60}
	case PlanPro:
		return authLimit{"authentication", 25, 25}
	case PlanEnterprise:
		return authLimit{"authentication", 100, 100}
	}
	return authLimit{}
}

// limitToken is what the token endpoint of a free tenant has besides.
func limitToken(plan string, _ *http.Request) authLimit {
	if plan == PlanFree {
		return authLimit{"token", 30, 30}
	}
	return authLimit{}
}

// The device flow's limits are per address. The free plan's page does not name any.
func limitDeviceCode(plan string, r *http.Request) authLimit {
	return perAddress(plan, "device code", 5, 5, r)
}
func limitPrompt(plan string, r *http.Request) authLimit {
	return perAddress(plan, "device prompt", 5, 5, r)
}
func limitActivation(plan string, r *http.Request) authLimit {
	return perAddress(plan, "device activation", 30, 6, r)
}

func perAddress(plan, name string, burst, perSecond float64, r *http.Request) authLimit {
	if plan != PlanPro && plan != PlanEnterprise {
		return authLimit{}
	}
	return authLimit{name + " " + visitorOf(r, "").IP, burst, perSecond}
}

// limited lets a request through as the plan allows.
func (t *Tenant) limited(which limitOf, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		l := which(t.opts.Plan, r)
		if l.burst > 0 {
			t.mu.Lock()
			allowed := t.allow(w, l)
			t.mu.Unlock()
			if !allowed {
				tooMany(w)
				return
			}
		}
		next(w, r)
	}
}

// allow takes a token and tells about the limit in the answer's headers. The tenant is locked.
func (t *Tenant) allow(w http.ResponseWriter, l authLimit) bool {
	now := t.now()
	t.forgetFull()
	b := t.bucketOf("oauth "+l.name, l.burst, l.perSecond)
	taken := b.take(now)
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(int(b.burst)))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(int(b.tokens)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(int64(math.Ceil(float64(b.reset(now).UnixMilli())/1000)), 10))
	return taken
}

// forgetFull drops buckets that are full again, once there are many: there is one for each address.
func (t *Tenant) forgetFull() {
	if len(t.buckets) < 1000 {
		return
	}
	now := t.now()
	for name, b := range t.buckets {
		if b.tokens+now.Sub(b.at).Seconds()*b.perSecond >= b.burst {
			delete(t.buckets, name)
		}
	}
}

func tooMany(w http.ResponseWriter) {
	oauthFail(w, http.StatusTooManyRequests, "too_many_requests", "Global limit has been reached")
}
