// Package ratelimit reads how long Auth0 asks to wait. Client, gateway and sign-in all meet its limits.
package ratelimit

import (
	"net/http"
	"strconv"
	"time"
)

// Wait is how long until the limit lifts: Retry-After, else x-ratelimit-reset, times against the server's own clock, else
// a second; never less than a second nor more than a minute.
func Wait(h http.Header, now time.Time) time.Duration {
	if d, err := http.ParseTime(h.Get("Date")); err == nil {
		now = d
	}
	wait := time.Second
	if s, err := strconv.Atoi(h.Get("Retry-After")); err == nil {
		wait = time.Duration(min(s, 60)) * time.Second
	} else if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		wait = at.Sub(now)
	} else if reset, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64); err == nil {
		wait = time.Unix(reset, 0).Sub(now)
	}
	return min(max(wait, time.Second), time.Minute)
}
