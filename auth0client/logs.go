package auth0client

import (
	"slices"
	"strings"
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

// LogPage is a page of a log, newest first. It reaches back to Reached though some events of the page were left out. More
// says that there may be another page, of which Auth0 gives up to 1,000 events.
type LogPage struct {
	Events  []LogEvent
	Reached time.Time
	More    bool
}

// LogKind is a rough sort of what an event is about.
type LogKind int

// The kinds of events.
const (
	LogOther LogKind = iota
	LogSignIn
	LogMFA
	LogManagement // changes of an account, by its owner or by an administrator
)

// Kind sorts an event by its code.
//
// Source: https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
func (e LogEvent) Kind() LogKind {
	switch c := e.Code; {
	case strings.HasPrefix(c, "gd_"), c == "mfar", c == "too_many_records", strings.HasPrefix(c, "my_account_authentication_method"),
		slices.Contains(strings.Fields("sercft fercft seoobft feoobft seotpft feotpft sepkoobft sepkotpft sepkrcft"), c):
		return LogMFA
	case slices.Contains(strings.Fields("sapi fapi mgmt_api_read scp fcp scpr fcpr sce fce scu fcu scpn fcpn sv fv svr fvr sdu fdu sui fui ublkdu "+
		"organization_member_added resource_cleanup sscim fscim"), c):
		return LogManagement
	case slices.Contains(strings.Fields("s f fp fu fc fco w ss fs si fi pla scv cls cs ssa fsa scoa fcoa sens fens slo flo srrt ferrt "+
		"limit_wc limit_mu limit_sul limit_phone pwd_leak signup_pwd_leak reset_pwd_leak fdeaz fdeac fdecc fpar"), c),
		strings.HasPrefix(c, "passkey_"), strings.HasSuffix(c, "ft") && (strings.HasPrefix(c, "se") || strings.HasPrefix(c, "fe")),
		slices.Contains(strings.Fields("sede fede secte fecte seta feta"), c):
		return LogSignIn
	}
	return LogOther
}
