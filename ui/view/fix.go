package view

import "usher/auth0client"

// FixKind is something that support does for one user.
type FixKind int

// The fixes. Each opens with a question of its own, the same from the list and from the detail view.
const (
	// FixPassword asks how: by email, by a link, or by a temporary password.
	FixPassword FixKind = iota
	// FixTemporaryPassword is the form for a password that the operator gives.
	FixTemporaryPassword
	// FixVerification asks how: the email again, a link, or marked without proof.
	FixVerification
	FixSignOut
	FixRecoveryCode
	// FixEnrolment asks how: by email or by a link.
	FixEnrolment
	FixRisk
	// FixLink is the form for the other user of a link.
	FixLink
)

// Permission is usher's permission that a fix needs.
func (k FixKind) Permission() string {
	switch k {
	case FixPassword, FixTemporaryPassword, FixLink:
		return "users:password"
	case FixVerification:
		return "users:edit"
	case FixSignOut:
		return "sessions:revoke"
	case FixRecoveryCode, FixEnrolment, FixRisk:
	}
	return "mfa:reset"
}

// Label is a fix in the words of a key.
func (k FixKind) Label() string {
	switch k {
	case FixPassword:
		return "password"
	case FixTemporaryPassword:
		return "temporary password"
	case FixVerification:
		return "verify email"
	case FixSignOut:
		return "sign out everywhere"
	case FixRecoveryCode:
		return "new recovery code"
	case FixEnrolment:
		return "MFA enrolment"
	case FixRisk:
		return "clear risk"
	case FixLink:
	}
	return "link identity"
}

type (
	// Fix opens the question of a fix for this user.
	Fix struct {
		Kind FixKind
		User auth0client.User
	}
	// Choose opens the dialog that asks which way to take.
	Choose struct {
		Title   string
		User    auth0client.User
		Options []Option
	}
	// Option is one way, and what to do when it is taken. One with a Why cannot be taken.
	Option struct {
		Label, Note string
		Why         string
		Action      Action
	}
)

func (Fix) isAction()    {}
func (Choose) isAction() {}
