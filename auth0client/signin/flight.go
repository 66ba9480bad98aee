package signin

import "context"

// flight lets one caller at a time do a piece of work. Unlike with a mutex, those who wait may give up.
type flight chan struct{}

func newFlight() flight { return make(flight, 1) }

// enter waits for its turn, as long as ctx lasts.
func (f flight) enter(ctx context.Context) error {
	select {
	case f <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// try takes the turn if nobody has it.
func (f flight) try() bool {
	select {
	case f <- struct{}{}:
		return true
	default:
		return false
	}
}

func (f flight) leave() { <-f }
