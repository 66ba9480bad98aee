package desk

import (
	"context"
	"errors"
	"slices"
	"sync"

	"usher/auth0client"
)

// RoleGiver gives many users one role in one request.
type RoleGiver interface {
	AssignToUsers(ctx context.Context, role auth0client.RoleID, users []auth0client.UserID) error
}

// ManyAssigned is one role on its way to many users, [auth0client.MostMembers] a request. It remembers which batches are done: run
// again after a stop or a failure, it sends only the others. Build it with [AssignToMany].
type ManyAssigned struct {
	tenant RoleGiver
	role   auth0client.RoleID

	mu      sync.Mutex
	batches []batch
	total   int
	stopped bool
}

type batch struct {
	users []auth0client.UserID
	done  bool
	err   error // of the last try
}

// AssignToMany makes the work of giving users a role; nobody is named twice in it.
func AssignToMany(tenant RoleGiver, role auth0client.RoleID, users []auth0client.UserID) *ManyAssigned {
	seen := make(map[auth0client.UserID]bool, len(users))
	var once []auth0client.UserID
	for _, u := range users {
		if !seen[u] {
			seen[u] = true
			once = append(once, u)
		}
	}
	m := &ManyAssigned{tenant: tenant, role: role, total: len(once)}
	for part := range slices.Chunk(once, auth0client.MostMembers) {
		m.batches = append(m.batches, batch{users: part})
	}
	return m
}

// Stop lets the request under way finish and sends no more until the next Run.
func (m *ManyAssigned) Stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stopped = true
}

// mostLooked is how many people the gateway takes in one request while a policy says whom the operator may see.
const mostLooked = 50

// Run sends what is not done yet, one batch after the other. changed, which may be nil, is told after each. A batch that
// fails for its own sake (somebody in it does not exist) does not keep the next from being sent; a lost sign-in, a
// refusal, a rate limit or a tenant out of reach does. The error is the first.
func (m *ManyAssigned) Run(ctx context.Context, changed func(done, total int)) error {
	m.mu.Lock()
	m.stopped = false
	m.mu.Unlock()
	var first error
	for i := 0; ; i++ {
		m.mu.Lock()
		if i >= len(m.batches) || m.stopped || ctx.Err() != nil {
			m.mu.Unlock()
			return errors.Join(first, ctx.Err())
		}
		b := m.batches[i]
		m.mu.Unlock()
		if b.done {
			continue
		}
		err := m.tenant.AssignToUsers(ctx, m.role, b.users)
		if tooManyAtOnce(err) && len(b.users) > mostLooked {
			m.cut(i)
			i--
			continue
		}
		m.mu.Lock()
		m.batches[i].done, m.batches[i].err = err == nil, err
		m.mu.Unlock()
		if changed != nil {
			changed(len(m.Done()), m.total)
		}
		if first == nil {
			first = err
		}
		if endsRun(err) {
			return first
		}
	}
}

// tooManyAtOnce reports the gateway's refusal of more people than it looks at for one request.
func tooManyAtOnce(err error) bool {
	a, ok := auth0client.AnswerOf(err)
	return ok && a.Status == 403 && a.Code.String() == "usher_field"
}

// cut makes a batch, and those after it, small enough to be looked at.
func (m *ManyAssigned) cut(at int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := slices.Clone(m.batches[:at])
	for _, b := range m.batches[at:] {
		if b.done {
			out = append(out, b)
			continue
		}
		for part := range slices.Chunk(b.users, mostLooked) {
			out = append(out, batch{users: part})
		}
	}
	m.batches = out
}

// Done are the users who have been given the role.
func (m *ManyAssigned) Done() []auth0client.UserID {
	return m.pick(func(b batch) bool { return b.done })
}

// Left are the users who have not, as far as is known.
func (m *ManyAssigned) Left() []auth0client.UserID {
	return m.pick(func(b batch) bool { return !b.done })
}

func (m *ManyAssigned) pick(want func(batch) bool) []auth0client.UserID {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []auth0client.UserID
	for _, b := range m.batches {
		if want(b) {
			out = append(out, b.users...)
		}
	}
	return out
}

// Errs are why users have not been given the role, by user; those whose batch was not sent are not among them.
func (m *ManyAssigned) Errs() map[auth0client.UserID]error {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[auth0client.UserID]error{}
	for _, b := range m.batches {
		if b.err != nil {
			for _, u := range b.users {
				out[u] = b.err
			}
		}
	}
	return out
}

// endsRun reports an error that the next request of a run would meet as well. A policy's no is about one user or role.
func endsRun(err error) bool {
	var forbidden *auth0client.Forbidden
	if errors.As(err, &forbidden) {
		return forbidden.Permission != ""
	}
	return errors.As(err, new(*auth0client.Unauthorized)) || errors.As(err, new(*auth0client.FreshLogin)) ||
		errors.As(err, new(*auth0client.ReasonNeeded)) || errors.As(err, new(*auth0client.RateLimited)) ||
		errors.As(err, new(*auth0client.Unreachable))
}
