package lucene

import (
	"strings"
	"time"
)

// bound is one end of a range. The zero value is an open end.
type bound struct {
	closed    bool // there is a limit
	inclusive bool
	raw       string
	want      string // lower case where the field folds
	num       float64
	isNum     bool
	day       period
	isDate    bool
}

func newBound(s syntax, field, raw string, inclusive bool) bound {
	b := bound{closed: true, inclusive: inclusive, raw: raw, want: raw}
	if s.folds(field) {
		b.want = strings.ToLower(raw)
	}
	b.num, b.isNum = parseNumber(raw)
	b.day, b.isDate = parsePeriod(raw)
	return b
}

// between is a range. Numbers compare with numbers, dates with dates, and other text by code points.
type between struct {
	low, high bound
	fold      bool
	dated     bool // no limit is anything but a date
}

func newBetween(low, high bound, fold bool) *between {
	return &between{low: low, high: high, fold: fold,
		dated: (!low.closed || low.isDate) && (!high.closed || high.isDate)}
}

func (r *between) text(v string) bool {
	if r.dated {
		if !r.low.closed && !r.high.closed {
			return true
		}
		if t, ok := instant(v); ok {
			return r.time(t)
		}
	}
	if r.fold {
		v = strings.ToLower(v)
	}
	return r.inOrder(v)
}

func (r *between) folded(v, lower string) bool {
	if r.fold && !r.dated {
		return r.inOrder(lower)
	}
	return r.text(v)
}

// inOrder compares by code points.
func (r *between) inOrder(v string) bool {
	if r.low.closed && (v < r.low.want || v == r.low.want && !r.low.inclusive) {
		return false
	}
	return !r.high.closed || v < r.high.want || v == r.high.want && r.high.inclusive
}

// time compares with whole periods: "[* TO 2017-12]" includes all December, "{2018-01-15 TO *]" starts on the 16th.
func (r *between) time(t time.Time) bool {
	if !r.dated {
		return false
	}
	if r.low.closed {
		from := r.low.day.start
		if !r.low.inclusive {
			from = r.low.day.end
		}
		if t.Before(from) {
			return false
		}
	}
	if !r.high.closed {
		return true
	}
	until := r.high.day.start
	if r.high.inclusive {
		until = r.high.day.end
	}
	return t.Before(until)
}

func (r *between) number(v float64) bool {
	if r.low.closed && (!r.low.isNum || v < r.low.num || v == r.low.num && !r.low.inclusive) {
		return false
	}
	return !r.high.closed || r.high.isNum && (v < r.high.num || v == r.high.num && r.high.inclusive)
}

func (r *between) truth(bool) bool { return !r.low.closed && !r.high.closed }
