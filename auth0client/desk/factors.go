package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"usher/auth0client"
)

// Factors is what second factors need.
type Factors interface {
	AuthenticationMethods(ctx context.Context, id auth0client.UserID) ([]auth0client.AuthenticationMethod, error)
	DeleteAuthenticationMethod(ctx context.Context, id auth0client.UserID, method string) error
	ForgetBrowsers(ctx context.Context, id auth0client.UserID) error
	NewRecoveryCode(ctx context.Context, id auth0client.UserID) (auth0client.Secret, error)
	EnrolmentLink(ctx context.Context, id auth0client.UserID, send bool) (auth0client.Link, error)
	ClearRisk(ctx context.Context, id auth0client.UserID, connection string) error
}

// SecondFactors are those of methods that an MFA reset takes away: not password and passkeys, by which somebody signs in at
// all.
func SecondFactors(methods []auth0client.AuthenticationMethod) []auth0client.AuthenticationMethod {
	return slices.DeleteFunc(slices.Clone(methods), func(m auth0client.AuthenticationMethod) bool { return m.Kind.Primary() })
}

// Method describes an enrolled method in one line.
func Method(m auth0client.AuthenticationMethod) string {
	s := m.Label.String()
	if d := m.Detail.String(); d != "" {
		s += " (" + d + ")"
	}
	if !m.Confirmed {
		s += ", half enrolled"
	}
	return s
}

// ResetMFA takes the given methods away, forgets remembered browsers, and lists again what is left. With methods nil it
// takes all second factors that are there when it runs.
func ResetMFA(tenant Factors, u auth0client.User, methods []auth0client.AuthenticationMethod) Operation {
	op := Operation{Name: "Reset MFA", Permission: "mfa:reset", User: u, Danger: true}
	if methods == nil {
		op.Does = []string{"Take all second factors from " + Who(u) + "; password and passkeys stay."}
	}
	for _, m := range methods {
		op.Does = append(op.Does, "Take away "+Method(m))
	}
	op.Does = append(op.Does, "Forget the browsers remembered for "+Who(u))
	op.Loses = []string{"the enrolments: the user enrols anew"}
	op.Run = func(ctx context.Context) (r Result) {
		there, err := tenant.AuthenticationMethods(ctx, u.ID)
		if err != nil {
			return Result{Err: err}
		}
		gone := methods
		if gone == nil {
			gone = SecondFactors(there)
		}
		for _, m := range gone {
			if !slices.ContainsFunc(there, func(o auth0client.AuthenticationMethod) bool { return o.ID == m.ID }) {
				r.Done = append(r.Done, Method(m)+" was gone already.")
				continue
			}
			if r.Err = tenant.DeleteAuthenticationMethod(ctx, u.ID, m.ID); r.Err != nil {
				return r
			}
			r.Done = append(r.Done, "Took away "+Method(m)+".")
		}
		if r.Err = tenant.ForgetBrowsers(ctx, u.ID); r.Err != nil {
			return r
		}
		r.Done = append(r.Done, "Forgot the remembered browsers.")
		left, err := tenant.AuthenticationMethods(ctx, u.ID)
		if r.Err = err; err != nil {
			return r
		}
		r.Note = append(r.Note, leftWords(left))
		return r
	}
	return op
}

func leftWords(left []auth0client.AuthenticationMethod) string {
	if len(left) == 0 {
		return "Nothing is enrolled any more."
	}
	s := "Left:"
	for i, m := range left {
		if i > 0 {
			s += ","
		}
		s += " " + Method(m)
	}
	return s + "."
}

// ForgetBrowsers makes every browser that was remembered for the user ask for a second factor again.
func ForgetBrowsers(tenant Factors, u auth0client.User) Operation {
	return Operation{Name: "Forget browsers", Permission: "mfa:reset", User: u,
		Does: []string{"Forget the browsers remembered for " + Who(u) + ": each asks for a second factor again. The enrolments stay."},
		Run: func(ctx context.Context) Result {
			return done(tenant.ForgetBrowsers(ctx, u.ID), "Forgot the remembered browsers.")
		}}
}

// NewRecoveryCode makes the old recovery code invalid and shows the new one once.
func NewRecoveryCode(tenant Factors, u auth0client.User) Operation {
	return Operation{Name: "New recovery code", Permission: "mfa:reset", User: u, Danger: true,
		Does:  []string{"Make a new recovery code for " + Who(u), "It is shown once."},
		Loses: []string{"the old recovery code"},
		Run: func(ctx context.Context) Result {
			code, err := tenant.NewRecoveryCode(ctx, u.ID)
			if gone := new(auth0client.NotFound); errors.As(err, &gone) && strings.HasPrefix(gone.Answer.Code.String(), "enrollment") {
				return Result{Err: errors.New("they have not enrolled a second factor, and so have no recovery code: an enrolment link helps them")}
			}
			r := done(err, "The new code is made. It is shown this once.")
			if err == nil {
				r.Once = []Once{{"Recovery code", code}}
			}
			return r
		}}
}

// EnrolmentLink makes a link by which the user enrols a second factor; with send, Auth0 mails it, else it is shown once.
func EnrolmentLink(tenant Factors, u auth0client.User, send bool) Operation {
	op := Operation{Name: "Make enrolment link", Permission: "mfa:reset", User: u, Danger: !send,
		Does: []string{"Make a link by which whoever has it enrols a second factor for " + Who(u), "It is shown once."}}
	if send {
		op.Name, op.Does = "Send enrolment email", []string{"Auth0 mails " + Who(u) + " a link to enrol a second factor."}
	}
	op.Run = func(ctx context.Context) Result {
		link, err := tenant.EnrolmentLink(ctx, u.ID, send)
		switch {
		case err != nil:
			return Result{Err: err}
		case send:
			return done(nil, "Auth0 sends the email to "+u.Email.String()+".")
		}
		return Result{Done: []string{"The link is made. It is shown this once."}, Once: []Once{{"Enrolment link", link.URL}}}
	}
	return op
}

// ClearRisk makes adaptive MFA treat the user's devices as new.
func ClearRisk(tenant Factors, u auth0client.User, connection string) Operation {
	return Operation{Name: "Clear risk assessments", Permission: "mfa:reset", User: u,
		Does: []string{fmt.Sprintf("Forget the known devices of %s at %s: adaptive MFA asks again", Who(u), auth0client.UserID(connection).Safe())},
		Run: func(ctx context.Context) Result {
			return done(tenant.ClearRisk(ctx, u.ID, connection), "The risk assessments are cleared.")
		}}
}
