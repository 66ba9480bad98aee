package localtenant

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fault is a rule by which answers go wrong.
type fault struct {
	rule            string // as it was given
	method, pattern string
	effects         []effect
	percent         int
	left            int // how many more requests it hits; negative is all
}

// effect is one thing that goes wrong.
type effect struct {
	kind   string
	status int           // of status and after
	wait   time.Duration // of delay and skew
}

// bodies are the kinds of fault that answer with something other than what was asked for.
func bodies() []string { return []string{"garbage", "html", "notjson", "huge", "gzipbomb"} }

// AddFault makes matching requests go wrong. A rule is "[METHOD PATH] WHAT… [PERCENT%] [xTIMES]". In PATH, "*" stands for
// anything and "{id}" for one segment; METHOD may be "*". WHAT is one or more of
//
//	503                   a status from 400 to 599; 503after does what was asked first
//	429 429past 429now 429far 429nohdr   rate limited, with a reset of that kind or no headers
//	delay=2s              waits; the delays of several rules add up
//	drop half             the connection closes at once, or in the middle of the answer after doing what was asked
//	html notjson truncated huge gzipbomb   an answer that cannot be read ("garbage" is html)
//	rotate revoke         the signing keys rotate, people's tokens are revoked, before the request is answered
//	skew=+1h              the tenant's clock is wrong (only without METHOD and PATH)
//
// All rules that match a request act on it. Of those that answer it, the oldest does.
func (t *Tenant) AddFault(rule string) error {
	f := &fault{rule: rule, method: "*", pattern: "*", percent: 100, left: -1}
	words := strings.Fields(rule)
	if len(words) > 2 && (strings.HasPrefix(words[1], "/") || words[1] == "*") {
		f.method, f.pattern, words = words[0], words[1], words[2:]
	}
	words, err := f.modifiers(words)
	if err != nil {
		return fmt.Errorf("fault %q: %w", rule, err)
	}
	if len(words) == 0 {
		return fmt.Errorf("fault %q: want \"[METHOD PATH] WHAT… [PERCENT%%] [xTIMES]\"", rule)
	}
	for _, w := range words {
		e, err := parseEffect(w)
		if err != nil {
			return fmt.Errorf("fault %q: %w", rule, err)
		}
		if e.kind == "skew" {
			if len(words) > 1 || f.pattern != "*" || f.method != "*" || f.percent != 100 || f.left >= 0 {
				return fmt.Errorf("fault %q: a wrong clock is wrong for everything, at all times", rule)
			}
			t.SkewClock(e.wait)
		}
		f.effects = append(f.effects, e)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = append(t.faults, f)
	return nil
}

// modifiers takes the percentage and the number of times off the end of a rule.
func (f *fault) modifiers(words []string) ([]string, error) {
	for len(words) > 0 {
		last := words[len(words)-1]
		times, counted := strings.CutPrefix(last, "x")
		switch {
		case strings.HasSuffix(last, "%"):
			p, err := strconv.Atoi(strings.TrimSuffix(last, "%"))
			if err != nil || p < 0 || p > 100 {
				return nil, fmt.Errorf("%q is not a percentage", last)
			}
			f.percent = p
		case counted:
			n, err := strconv.Atoi(times)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("%q is not a number of times", last)
			}
			f.left = n
		default:
			return words, nil
		}
		words = words[:len(words)-1]
	}
	return words, nil
}

func parseEffect(word string) (effect, error) {
	if slices.Contains(slices.Concat(bodies(), []string{"truncated", "drop", "half", "rotate", "revoke",
		"429past", "429now", "429far", "429nohdr"}), word) {
		return effect{kind: word}, nil
	}
	for _, kind := range []string{"delay", "skew"} {
		if length, yes := strings.CutPrefix(word, kind+"="); yes {
			d, err := time.ParseDuration(length)
			if err != nil || d < 0 && kind == "delay" {
				return effect{}, fmt.Errorf("%q is not a duration", length)
			}
			return effect{kind: kind, wait: d}, nil
		}
	}
	number, after := strings.CutSuffix(word, "after")
	if status, err := strconv.Atoi(number); err == nil && status >= 400 && status <= 599 {
		kind := "status"
		if after {
			kind = "after"
		}
		return effect{kind: kind, status: status}, nil
	}
	return effect{}, fmt.Errorf("%q is not a status from 400 to 599, 429past, 429now, 429far, 429nohdr, 504after, delay=…, drop, half, "+
		"html, notjson, truncated, huge, gzipbomb, rotate, revoke or skew=…", word)
}

// ClearFaults lets everything work again, the clock included.
func (t *Tenant) ClearFaults() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = nil
	t.SkewClock(0)
}

// Faults lists the rules that still hit something.
func (t *Tenant) Faults() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := []string{}
	for _, f := range t.faults {
		out = append(out, f.rule)
	}
	return out
}

func (f *fault) hits(r *http.Request) bool {
	return (f.method == "*" || strings.EqualFold(f.method, r.Method)) && wild(f.pattern, r.URL.EscapedPath())
}

// wild matches a path: "{name}" is one segment, "*" at the end anything, elsewhere anything within a segment.
func wild(pattern, escaped string) bool {
	if pattern == "*" {
		return true
	}
	want, have := strings.Split(pattern, "/"), strings.Split(escaped, "/")
	for i, w := range want {
		if w == "*" && i == len(want)-1 {
			return len(have) > i
		}
		if i >= len(have) {
			return false
		}
		if strings.HasPrefix(w, "{") && strings.HasSuffix(w, "}") && have[i] != "" {
			continue
		}
		plain, err := url.PathUnescape(have[i])
		if err != nil {
			return false
		}
		if fits, err := path.Match(w, strings.ReplaceAll(plain, "/", "|")); err != nil || !fits {
			return false
		}
	}
	return len(want) == len(have)
}

// faultsFor is what goes wrong with a request, in the order of the rules. Rules that are used up go.
func (t *Tenant) faultsFor(r *http.Request) []effect {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []effect
	t.faults = slices.DeleteFunc(t.faults, func(f *fault) bool {
		if !f.hits(r) || f.percent < 100 && t.dice.IntN(100) >= f.percent {
			return false
		}
		out = append(out, f.effects...)
		f.left = max(f.left-1, -1)
		return f.left == 0
	})
	return out
}
