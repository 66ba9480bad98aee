package signin

import (
	"fmt"

	"usher/auth0client/parallel"
)

// caught does work that nobody's goroutine waits for, and makes an error of a panic: a process that serves many operators
// outlives one's renewal. The error holds nothing of what the work held.
func caught(what string, work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			kind, _ := parallel.Trace(p)
			err = fmt.Errorf("%s: an error of usher's own (%s)", what, kind)
		}
	}()
	return work()
}
