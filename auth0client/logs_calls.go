package auth0client

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/auth0/go-auth0/v3/management"

	"usher/auth0client/lucene"
	"usher/auth0client/term"
)

type logJSON struct {
	LogID       text   `json:"log_id"`
	Date        moment `json:"date"`
	Type        text   `json:"type"`
	Description text   `json:"description"`
	Connection  text   `json:"connection"`
	Client      text   `json:"client_name"`
	IP          text   `json:"ip"`
	UserAgent   text   `json:"user_agent"`
	UserName    text   `json:"user_name"`
	UserID      text   `json:"user_id"`
}

// UserLogs reads a page of a user's log events, newest first. Auth0 gives at most 1,000 this way.
func (c *Client) UserLogs(ctx context.Context, id UserID, page, perPage int) ([]LogEvent, error) {
	body, err := c.read(ctx, "read the user's log events", func(ctx context.Context) error {
		_, err := c.users.Logs.List(ctx, string(id), &management.ListUserLogsRequestParameters{Page: ptr(page), PerPage: ptr(perPage), Sort: ptr("date:-1")})
		return err
	}, string(id))
	if err != nil {
		return nil, err
	}
	return logEvents(body)
}

// NamelessEvents reads a page of what went wrong for a user and lacks their id, newest first: Auth0 writes many failed
// sign-ins with the name that was typed and no more. An event of another user of the same name, or of a connection that is
// not theirs, is left out.
func (c *Client) NamelessEvents(ctx context.Context, u User, page, perPage int) (LogPage, error) {
	q := namelessQuery(u)
	if q == "" {
		return LogPage{}, nil
	}
	all, err := c.Logs(ctx, q, page, perPage)
	if err != nil {
		return LogPage{}, err
	}
	out := LogPage{More: len(all) >= perPage && (page+1)*perPage < SearchWindow}
	for _, e := range all {
		out.Reached = e.Date
		if e.UserID == "" && (e.Connection.IsEmpty() || u.signsInBy(e.Connection)) {
			out.Events = append(out.Events, e)
		}
	}
	return out, nil
}

// namelessQuery looks for a user by what they sign in with. Auth0 compares logs with case and has database emails in lower
// case. Only failures lack an id.
func namelessQuery(u User) string {
	var names []string
	for _, n := range u.logNames() {
		if q := "user_name:" + lucene.Quote(n); !slices.Contains(names, q) {
			names = append(names, q)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "type:(" + strings.Join(namelessCodes(), " OR ") + ") AND (" + strings.Join(names, " OR ") + ")"
}

// namelessCodes are the events that Auth0 writes without a user's id.
func namelessCodes() []string {
	return []string{"f", "fp", "fu", "fs", "fcoa", "fcp", "fcpr", "fepft", "limit_wc", "limit_sul", "pwd_leak"}
}

// logNames are the names by which a user signs in, as the log has them.
func (u User) logNames() []string {
	return slices.DeleteFunc([]string{u.EmailRaw, strings.ToLower(u.EmailRaw), u.Username.String(), u.Phone.String()}, func(n string) bool { return n == "" })
}

// NamedIn reports a failure that lacks a user's id and names this one: what [Client.NamelessEvents] finds.
func (u User) NamedIn(e LogEvent) bool {
	return e.UserID == "" && slices.Contains(namelessCodes(), e.Code) && (e.Connection.IsEmpty() || u.signsInBy(e.Connection)) &&
		slices.ContainsFunc(u.logNames(), func(n string) bool { return term.Line(n) == e.UserName })
}

// signsInBy reports that one of the user's identities is of the connection. A record without identities may be of any.
func (u User) signsInBy(connection term.Safe) bool {
	return len(u.Identities) == 0 || slices.ContainsFunc(u.Identities, func(i Identity) bool { return i.Connection == connection })
}

func logEvents(body []byte) ([]LogEvent, error) {
	raw, _, err := list[json.RawMessage](body, "logs")
	if err != nil {
		return nil, err
	}
	out := make([]LogEvent, 0, len(raw))
	for _, r := range raw {
		var l logJSON
		if err := json.Unmarshal(r, &l); err != nil {
			return nil, badAnswer(err)
		}
		code := term.Line(string(l.Type)).String()
		words, failed := logWords(string(l.Type))
		out = append(out, LogEvent{
			ID: l.LogID.line(), Date: l.Date.Time, Code: code, Words: term.Line(words), Failed: failed, Description: l.Description.line(),
			Connection: l.Connection.line(), Client: l.Client.line(), IP: l.IP.line(), UserAgent: l.UserAgent.line(),
			UserName: l.UserName.line(), UserID: UserID(l.UserID), JSON: pretty(r),
		})
	}
	return out, nil
}

// logWords says what one of Auth0's event codes means, and whether it tells of a failure. Unknown codes stay as they are.
//
// Source: https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
func logWords(code string) (words string, failed bool) {
	entry, ok := eventWords()[code]
	if !ok {
		return code, strings.HasPrefix(code, "f") && len(code) > 1
	}
	words, failed = strings.CutPrefix(entry, "!")
	return words, failed
}

// eventWords is code to words; "!" marks a failure.
func eventWords() map[string]string {
	return map[string]string{
		"s": "Signed in", "f": "!Sign-in failed", "fp": "!Wrong password", "fu": "!Unknown email or username",
		"ssa": "Signed in silently", "fsa": "!Silent sign-in failed", "scoa": "Signed in from another origin", "fcoa": "!Sign-in from another origin failed",
		"ss": "Signed up", "fs": "!Sign-up failed", "slo": "Signed out", "flo": "!Sign-out failed",
		"sens": "Signed in with a native social login", "fens": "!Native social login failed", "w": "Warning during sign-in",
		"cls": "Passwordless code or link sent", "cs": "Passwordless code sent", "si": "Invitation accepted", "fi": "!Invitation failed",
		"fc": "!Connector failed", "fco": "!Refused by the origin policy", "pla": "Bot detection looked at the sign-in", "scv": "Credentials checked",
		"limit_wc": "!Blocked: too many failed sign-ins into this account from one address", "limit_mu": "!Address blocked: too many failed sign-ins",
		"limit_sul": "!Too many sign-ins in a short time", "pwd_leak": "!Sign-in with a leaked password", "signup_pwd_leak": "!Sign-up with a leaked password",
		"reset_pwd_leak": "!New password is a leaked one", "ublkdu": "Brute-force block lifted", "api_limit": "!API rate limit reached",
		"mfar": "Second factor asked for", "gd_start_auth": "Second factor started", "gd_auth_succeed": "Second factor passed",
		"gd_auth_failed": "!Second factor failed", "gd_auth_rejected": "!Push rejected by the user", "gd_start_enroll": "MFA enrolment started",
		"gd_enrollment_complete": "MFA enrolled", "gd_unenroll": "MFA factor removed", "gd_update_device_account": "MFA device updated",
		"gd_send_sms": "SMS code sent", "gd_send_sms_failure": "!SMS code not delivered", "gd_send_voice": "Voice code sent",
		"gd_send_voice_failure": "!Voice code not delivered", "gd_send_email": "Email code sent", "gd_send_email_failure": "!Email code not delivered",
		"gd_send_pn": "Push sent", "gd_send_pn_failure": "!Push not delivered", "gd_otp_rate_limit_exceed": "!Too many second-factor attempts",
		"gd_recovery_succeed": "Recovery code used", "gd_recovery_failed": "!Wrong recovery code", "gd_recovery_rate_limit_exceed": "!Too many recovery codes tried",
		"seacft": "Code exchanged for a token", "feacft": "!Code exchange failed", "sede": "Device code exchanged for a token", "fede": "!Device code exchange failed",
		"sertft": "Token refreshed", "fertft": "!Refresh token refused", "ferrt": "!Refresh token used twice", "srrt": "Refresh token revoked",
		"seccft": "Machine token issued", "feccft": "!Machine token refused", "sepft": "Signed in with a password grant", "fepft": "!Password grant failed",
		"fdeaz": "!Device code request failed", "fdeac": "!Device activation failed", "fdecc": "!Device sign-in cancelled by the user",
		"sapi": "Changed through the Management API", "fapi": "!Management API change failed", "mgmt_api_read": "Secrets read through the Management API",
		"scp": "Password changed", "fcp": "!Password change failed", "scpr": "Password change asked for", "fcpr": "!Password change request failed",
		"sce": "Email changed", "fce": "!Email change failed", "scu": "Username changed", "fcu": "!Username change failed",
		"scpn": "Phone number changed", "fcpn": "!Phone number change failed", "sv": "Email verified", "fv": "!Verification email not sent",
		"svr": "Verification email asked for", "fvr": "!Verification email request failed", "sdu": "User deleted", "fdu": "!User deletion failed",
		"sui": "Users imported", "fui": "!User import failed", "fn": "!Notification failed", "organization_member_added": "Added to an organization",
	}
}
