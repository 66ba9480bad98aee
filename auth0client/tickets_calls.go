package auth0client

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/auth0/go-auth0/v3/management"
)

// Link is an address that gives whoever has it power over an account: to be shown once and kept nowhere.
type Link struct {
	URL     Secret
	Expires time.Time // zero when Auth0's own default holds
}

// PasswordLink makes a link by which a user sets a new password. lifetime zero is Auth0's five days. Nobody is told: the
// operator hands it on.
func (c *Client) PasswordLink(ctx context.Context, id UserID, lifetime time.Duration) (Link, error) {
	req := &management.ChangePasswordTicketRequestContent{UserID: ptr(string(id))}
	if lifetime > 0 {
		req.TTLSec = ptr(int(lifetime.Seconds()))
	}
	return c.link(ctx, "make a password link", "ticket", lifetime, func(ctx context.Context) error {
		_, err := c.tickets.ChangePassword(ctx, req)
		return err
	}, id)
}

// VerificationLink makes a link by which a user verifies their email address. lifetime zero is Auth0's five days.
func (c *Client) VerificationLink(ctx context.Context, id UserID, lifetime time.Duration) (Link, error) {
	req := &management.VerifyEmailTicketRequestContent{UserID: string(id)}
	if lifetime > 0 {
		req.TTLSec = ptr(int(lifetime.Seconds()))
	}
	return c.link(ctx, "make a verification link", "ticket", lifetime, func(ctx context.Context) error {
		_, err := c.tickets.VerifyEmail(ctx, req)
		return err
	}, id)
}

// EnrolmentLink makes a link by which a user enrols a second factor; with send, Auth0 mails it to them as well.
func (c *Client) EnrolmentLink(ctx context.Context, id UserID, send bool) (Link, error) {
	return c.link(ctx, "make an enrolment link", "ticket_url", 0, func(ctx context.Context) error {
		_, err := c.enrollments.CreateTicket(ctx, &management.CreateGuardianEnrollmentTicketRequestContent{UserID: string(id), SendMail: ptr(send)})
		return err
	}, id)
}

func (c *Client) link(ctx context.Context, what, field string, lifetime time.Duration, call func(context.Context) error, id UserID) (Link, error) {
	body, err := c.write(ctx, what, call, string(id))
	if err != nil {
		return Link{}, err
	}
	var answer map[string]text
	if err := json.Unmarshal(body, &answer); err != nil || answer[field] == "" {
		return Link{}, &Unknown{Err: errors.New("the answer holds no link")}
	}
	out := Link{URL: NewSecret(string(answer[field]))}
	if lifetime > 0 {
		out.Expires = c.now().Add(lifetime)
	}
	return out, nil
}

// SendVerification asks Auth0 to mail a user its verification email again. It is queued: the job tells when it has gone.
func (c *Client) SendVerification(ctx context.Context, id UserID) (JobID, error) {
	body, err := c.write(ctx, "send the verification email", func(ctx context.Context) error {
		_, err := c.verification.Create(ctx, &management.CreateVerificationEmailRequestContent{UserID: string(id)})
		return err
	}, string(id))
	if err != nil {
		return "", err
	}
	j, err := decodeBegun(body, "send the verification email")
	return j.ID, err
}
