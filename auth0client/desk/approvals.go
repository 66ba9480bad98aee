package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
)

// Approver is what deciding about others' changes, and taking one's own, needs.
type Approver interface {
	Approve(ctx context.Context, id string) (agreed bool, err error)
	Deny(ctx context.Context, id string) error
	Take(ctx context.Context, id string) (auth0client.Secret, error)
}

// requests are the changes that can wait for a second operator, in words.
func requests() map[string]string {
	return map[string]string{
		"POST tickets/password-change":                                    "Password link",
		"POST tickets/email-verification":                                 "Verification link",
		"POST guardian/enrollments/ticket":                                "MFA enrolment link",
		"POST users/{id}/recovery-code-regeneration":                      "New recovery code",
		"POST organizations/{id}/invitations":                             "Invitation",
		"POST password-reset-email":                                       "Password mail",
		"POST jobs/verification-email":                                    "Verification mail",
		"POST jobs/users-imports":                                         "Import users",
		"POST jobs/users-exports":                                         "Export users",
		"POST users":                                                      "Create a user",
		"PATCH users/{id}":                                                "Edit the user",
		"DELETE users/{id}":                                               "Delete the user",
		"POST users/{id}/roles":                                           "Assign roles",
		"DELETE users/{id}/roles":                                         "Remove roles",
		"POST users/{id}/permissions":                                     "Grant permissions",
		"DELETE users/{id}/permissions":                                   "Withdraw permissions",
		"POST users/{id}/identities":                                      "Link an identity",
		"DELETE users/{id}/identities/{id}/{id}":                          "Unlink an identity",
		"DELETE users/{id}/authentication-methods":                        "Remove all second factors",
		"DELETE users/{id}/authentication-methods/{id}":                   "Remove a second factor",
		"DELETE users/{id}/authenticators":                                "Remove all second factors",
		"DELETE users/{id}/multifactor/{id}":                              "Remove a second factor",
		"POST users/{id}/multifactor/actions/invalidate-remember-browser": "Forget remembered browsers",
		"POST users/{id}/risk-assessments/clear":                          "Clear risk",
		"DELETE users/{id}/sessions":                                      "End all sessions",
		"DELETE users/{id}/refresh-tokens":                                "Revoke all refresh tokens",
		"POST users/{id}/revoke-access":                                   "Sign out everywhere",
		"DELETE sessions/{id}":                                            "End a session",
		"POST sessions/{id}/revoke":                                       "End a session",
		"DELETE refresh-tokens/{id}":                                      "Revoke a refresh token",
		"POST refresh-tokens/revoke":                                      "Revoke refresh tokens",
		"DELETE device-credentials/{id}":                                  "Revoke a device's access",
		"DELETE grants":                                                   "Revoke all grants",
		"DELETE grants/{id}":                                              "Revoke a grant",
		"DELETE user-blocks":                                              "Lift blocks after failed sign-ins",
		"DELETE user-blocks/{id}":                                         "Lift blocks after failed sign-ins",
		"DELETE anomaly/blocks/ips/{id}":                                  "Free an address",
		"POST roles":                                                      "Create a role",
		"PATCH roles/{id}":                                                "Edit a role",
		"DELETE roles/{id}":                                               "Delete a role",
		"POST roles/{id}/permissions":                                     "Add permissions to a role",
		"DELETE roles/{id}/permissions":                                   "Take permissions from a role",
		"POST roles/{id}/users":                                           "Give users a role",
		"POST organizations/{id}/members":                                 "Add members to an organization",
		"DELETE organizations/{id}/members":                               "Take members out of an organization",
		"POST organizations/{id}/members/{id}/roles":                      "Assign roles in an organization",
		"DELETE organizations/{id}/members/{id}/roles":                    "Remove roles in an organization",
		"DELETE organizations/{id}/invitations/{id}":                      "Revoke an invitation",
	}
}

// Asked is what an approval is for, in a few words.
func Asked(a auth0client.Approval) string {
	words, ok := requests()[a.Request]
	if !ok {
		names := make([]string, len(a.Actions))
		for i, action := range a.Actions {
			names[i] = action.String()
		}
		return strings.Join(names, " ")
	}
	if a.Request != "PATCH users/{id}" {
		return words
	}
	edits, does := 0, ""
	for _, c := range a.Changes {
		switch name := c.Name.String(); {
		case name == "blocked" && c.To.String() == "true":
			does = "Block"
		case name == "blocked":
			does = "Unblock"
		case name == "password":
			does = "Set a password"
		case name == "connection", name == "client_id":
		default:
			edits++
		}
	}
	if does != "" && edits == 0 {
		return does
	}
	return words
}

// AskedOf names whom or what an approval is about: what they are called, else the id.
func AskedOf(a auth0client.Approval) string {
	switch {
	case !a.Person.IsEmpty():
		return a.Person.String()
	case a.People > 0:
		return Many(a.People, "user", "users")
	}
	return a.Target.Safe().String()
}

// whole names whom an approval is about beyond mistake.
func whole(a auth0client.Approval) string {
	who, id := AskedOf(a), a.Target.Safe().String()
	if id != "" && id != who {
		who += " (" + id + ")"
	}
	return who
}

// ApprovalState says how far an approval is.
func ApprovalState(a auth0client.Approval) string {
	by := a.Decider.String()
	switch a.State {
	case auth0client.ApprovalWaiting:
		return "waits"
	case auth0client.ApprovalAgreed:
		if a.Result == auth0client.ResultRefused {
			return "agreed to by " + by + "; the last try was refused" + status(a) + ", nothing was made"
		}
		return "agreed to by " + by + ", not taken yet"
	case auth0client.ApprovalApproved:
		return "approved by " + by + ", " + became(a, "done", "being made")
	case auth0client.ApprovalTaken:
		return "agreed to by " + by + ", " + became(a, "taken", "being taken")
	case auth0client.ApprovalDenied:
		if a.DeciderID == a.RequesterID {
			return "taken back by " + by
		}
		return "denied by " + by
	case auth0client.ApprovalExpired:
		if by != "" {
			return "agreed to by " + by + ", but not taken in time"
		}
		return "nobody decided in time"
	}
	return a.State
}

func became(a auth0client.Approval, made, underWay string) string {
	switch a.Result {
	case auth0client.ResultMade:
		return made
	case auth0client.ResultRefused:
		return "but refused" + status(a) + ": nothing was made"
	case auth0client.ResultUnknown:
		return "outcome unknown" + status(a) + ": look whether it was made"
	}
	return underWay + "; the journal says how far it came"
}

func status(a auth0client.Approval) string {
	if a.Status == 0 {
		return ""
	}
	return " (HTTP " + strconv.Itoa(a.Status) + ")"
}

// ApprovalLines tell all of an approval: who asks, for whom, what, why, and until when.
func ApprovalLines(a auth0client.Approval, now time.Time) []string {
	who := a.Requester.String()
	if a.Mine {
		who += " (you)"
	}
	asked := "asked at " + clock(a.RequestedAt, now)
	if !a.Via.IsEmpty() {
		asked += ", from " + a.Via.String()
	}
	return slices.Concat([]string{who + " " + asked, Asked(a) + ": " + whole(a)}, about(a, now))
}

// about are the lines of an approval below who asks what for whom.
func about(a auth0client.Approval, now time.Time) []string {
	lines := ApprovalChanges(a)
	if a.Reason.IsEmpty() {
		lines = append(lines, "No reason was given.")
	} else {
		lines = append(lines, "Reason: "+a.Reason.String())
	}
	names := make([]string, len(a.Actions))
	for i, action := range a.Actions {
		names[i] = action.String()
	}
	lines = append(lines, "Needs "+strings.Join(names, ", ")+"; may be approved by "+MayApprove(a.By))
	if a.State == auth0client.ApprovalWaiting || a.State == auth0client.ApprovalAgreed {
		lines = append(lines, "Good until "+clock(a.ExpiresAt, now))
	}
	return lines
}

// ApprovalChanges tell what an approval is to set, a line each.
func ApprovalChanges(a auth0client.Approval) []string {
	lines := make([]string, len(a.Changes))
	for i, c := range a.Changes {
		lines[i] = changed(c)
	}
	return lines
}

func changed(c auth0client.ApprovalChange) string {
	name, to := c.Name.String(), c.To.String()
	if seconds, err := strconv.Atoi(to); err == nil && name == "ttl_sec" && seconds > 0 {
		return "good for " + span(time.Duration(seconds)*time.Second)
	}
	if c.Known {
		return name + ": " + c.From.String() + " → " + to
	}
	return name + ": " + to
}

// MayApprove names who may approve.
func MayApprove(by []term.Safe) string {
	var names []string
	for _, b := range by {
		switch name := b.String(); {
		case name == "":
		case strings.Contains(name, "@"):
			names = append(names, name)
		default:
			names = append(names, "role "+name)
		}
	}
	if len(names) == 0 {
		return "whom the policy names"
	}
	return strings.Join(names, " or ")
}

// deciding makes an approval the subject of an operation: it is read again whatever becomes of it. Whoever shows an operation
// names the user beside it.
func deciding(name string, a auth0client.Approval, now time.Time, more ...string) Operation {
	op := Operation{Name: name, Subject: Subject{ID: a.ID, Label: term.Line(AskedOf(a)), Reread: true}, Danger: true, Does: ApprovalLines(a, now)}
	if u, ok := AskedUser(a); ok {
		op.User, op.Does[1] = u, Asked(a)
	}
	op.Does = append(op.Does, more...)
	return op
}

// AskedUser is the user an approval is about, as far as it names them.
func AskedUser(a auth0client.Approval) (auth0client.User, bool) {
	if !strings.Contains(string(a.Target), "|") { // no user's id
		return auth0client.User{}, false
	}
	u := auth0client.User{ID: a.Target, Email: a.Person}
	if strings.Contains(a.Person.String(), "@") {
		u.EmailRaw = a.Person.String()
	}
	return u, true
}

// Approve agrees to somebody else's change.
func Approve(tenant Approver, a auth0client.Approval, now time.Time) Operation {
	then := "It is made at once, in both your names."
	if a.Handover {
		then = "You agree. " + a.Requester.String() + " then takes what comes of it, a secret that is shown to them and not to you."
	}
	op := deciding("Approve", a, now, then)
	op.Run = func(ctx context.Context) Result {
		agreed, err := tenant.Approve(ctx, a.ID)
		if agreed {
			return done(err, "You agreed. "+a.Requester.String()+" can take it until "+clock(a.ExpiresAt, now)+".")
		}
		return done(err, "Approved, and done: "+Asked(a)+", "+AskedOf(a)+".")
	}
	return op
}

// Deny ends somebody else's request, or takes one's own back.
func Deny(tenant Approver, a auth0client.Approval, now time.Time) Operation {
	name, said := "Deny", "Denied: it will not be made."
	if a.Mine {
		name, said = "Take back", "Taken back: it will not be made."
	}
	op := deciding(name, a, now, "It ends and is not made.")
	op.Run = func(ctx context.Context) Result { return done(tenant.Deny(ctx, a.ID), said) }
	return op
}

// Take makes one's own change that a second operator agreed to. What comes of it is shown once.
func Take(tenant Approver, a auth0client.Approval, now time.Time) Operation {
	op := deciding("Take", a, now, a.Decider.String()+" agreed at "+clock(a.DecidedAt, now)+".", "It is made now, once. "+label(a)+": shown this once, to you alone. Nobody is told.")
	op.Danger = false
	op.Run = func(ctx context.Context) Result {
		secret, err := tenant.Take(ctx, a.ID)
		r := done(err, Asked(a)+": done.")
		switch {
		case err == nil:
			r.Once = []Once{{label(a), secret}}
		case r.Unsure():
			r.Note = []string{"It counts as taken, so that there are never two: look at the user, and ask anew if need be."}
		case errors.As(err, new(*auth0client.Decided)), errors.As(err, new(*auth0client.Unavailable)):
			r.Note = []string{"The list of approvals says what became of it."}
		case errors.As(err, new(*auth0client.FreshLogin)), errors.As(err, new(*auth0client.Unauthorized)):
		default:
			r.Note = []string{fmt.Sprintf("Nothing was made. It can be taken until %s.", clock(a.ExpiresAt, now))}
		}
		return r
	}
	return op
}

// label names the secret that comes of an approval.
func label(a auth0client.Approval) string {
	switch a.Request {
	case "POST tickets/password-change":
		return "Password link"
	case "POST tickets/email-verification":
		return "Verification link"
	case "POST guardian/enrollments/ticket":
		return "Enrolment link"
	case "POST users/{id}/recovery-code-regeneration":
		return "Recovery code"
	case "POST organizations/{id}/invitations":
		return "Invitation link"
	}
	return "Secret"
}
