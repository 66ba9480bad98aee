package lucene

import (
	"strings"
	"time"
)

// period is the time a date covers: a day for "2018-01-15", a month for "2017-12". It ends before end.
type period struct{ start, end time.Time }

func (p period) contains(t time.Time) bool { return !t.Before(p.start) && t.Before(p.end) }

// parsePeriod reads a year, or a date and time cut off after any part, with an optional zone behind a time.
func parsePeriod(s string) (period, bool) {
	if len(s) < 4 || s[0] < '0' || s[0] > '9' {
		return period{}, false
	}
	date, zone := cutZone(s)
	layout := "2006-01-02T15:04:05"
	digits := 0
	if len(date) > len(layout) {
		if date[len(layout)] != '.' {
			return period{}, false
		}
		digits = len(date) - len(layout) - 1
		if digits < 1 || digits > 9 {
			return period{}, false
		}
	} else {
		layout = layout[:len(date)]
	}
	if zone != "" {
		layout += "Z07:00"
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return period{}, false
	}
	t = t.UTC()
	switch len(date) {
	case len("2006"):
		return period{t, t.AddDate(1, 0, 0)}, true
	case len("2006-01"):
		return period{t, t.AddDate(0, 1, 0)}, true
	case len("2006-01-02"):
		return period{t, t.AddDate(0, 0, 1)}, true
	case len("2006-01-02T15"):
		return period{t, t.Add(time.Hour)}, true
	case len("2006-01-02T15:04"):
		return period{t, t.Add(time.Minute)}, true
	case len("2006-01-02T15:04:05"):
		return period{t, t.Add(time.Second)}, true
	}
	if digits == 0 {
		return period{}, false // cut within a part, such as "2018-0"
	}
	unit := time.Second
	for range digits {
		unit /= 10
	}
	return period{t, t.Add(unit)}, true
}

// cutZone splits off "Z" or an offset such as "+01:00" behind a time of day.
func cutZone(s string) (date, zone string) {
	clock := strings.IndexByte(s, 'T')
	if clock < 0 {
		return s, ""
	}
	if i := strings.LastIndexAny(s, "Z+-"); i > clock {
		return s[:i], s[i:]
	}
	return s, ""
}

// instant reads a record's value as a point in time.
func instant(v string) (time.Time, bool) {
	if len(v) < 4 || (len(v) > 4 && v[4] != '-') {
		return time.Time{}, false
	}
	if len(v) >= len("2006-01-02T15:04:05Z") {
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return t, true
		}
	}
	p, ok := parsePeriod(v)
	return p.start, ok
}
