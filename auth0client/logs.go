package auth0client

import (
	"time"

	"usher/auth0client/term"
)

// LogEvent is one entry of the tenant's log.
type LogEvent struct {
	ID          term.Safe
	Date        time.Time
	Code        string    // Auth0's event code, such as "fp"
	Words       term.Safe // what the code means
	Failed      bool
	Description term.Safe
	Connection  term.Safe
	Client      term.Safe
	IP          term.Safe
	UserAgent   term.Safe
	UserName    term.Safe
	UserID      UserID
	JSON        term.Safe // the raw event, indented
}
