package desk

import (
	"context"
	"errors"
	"slices"
	"sync"

	"usher/auth0client"
	"usher/auth0client/parallel"
)

// RoleChange is what one user gets and loses.
type RoleChange struct {
	User        auth0client.User
	Held        []auth0client.RoleID // as seen when it was decided; it is not made when they hold others by then
	Add, Remove []auth0client.RoleID
}

// Inverse is the change that takes this one back, once it is made.
func (c RoleChange) Inverse(held []auth0client.RoleID) RoleChange {
	return RoleChange{User: c.User, Held: held, Add: c.Remove, Remove: c.Add}
}

// RoleOutcome is what became of a RoleChange.
type RoleOutcome struct {
	Change  RoleChange
	State   State
	Held    []auth0client.RoleID // as they are now, as far as known
	Changed bool                 // somebody else changed the roles meanwhile: nothing of the rest was sent
	Waits   []error              // parts that wait for a second operator
	Err     error

	added bool // the assigning request is answered
}

// Well reports that the change is made.
func (o RoleOutcome) Well() bool { return o.State == Succeeded }

// RoleRun makes changes of roles in the fewest requests: one assigning and one removing a user, or, where it takes fewer,
// one for each role and [auth0client.MostMembers] of the users who get it. Build it with [NewRoleRun]; it is used once.
type RoleRun struct {
	whose Whose

	mu      sync.Mutex
	all     []RoleOutcome
	stopped bool
	session func() error // not nil when nobody is there any more who could stop it
}

// NewRoleRun makes a run of these changes.
func NewRoleRun(whose Whose, changes []RoleChange) *RoleRun {
	r := &RoleRun{whose: whose, all: make([]RoleOutcome, len(changes))}
	for i, c := range changes {
		r.all[i] = RoleOutcome{Change: c, Held: slices.Clone(c.Held)}
	}
	return r
}

// Stop lets what is under way finish and begins nothing more.
func (r *RoleRun) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
}

// EndWith stops the run when ctx ends, as Stop does: what is under way is finished all the same. Call it before Run.
func (r *RoleRun) EndWith(ctx context.Context) { r.session = ctx.Err }

// over reports that nothing more is begun; the lock is held.
func (r *RoleRun) over() bool {
	r.stopped = r.stopped || r.session != nil && r.session() != nil
	return r.stopped
}

// Outcomes is how far each change is, in the order given.
func (r *RoleRun) Outcomes() []RoleOutcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// Ended is how many changes are over, well or not.
func (r *RoleRun) Ended() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, o := range r.all {
		if o.State >= Succeeded {
			n++
		}
	}
	return n
}

// Run makes the changes. It returns when nothing is under way any more.
func (r *RoleRun) Run(ctx context.Context) {
	if len(r.all) > 1 {
		ctx = auth0client.WithPriority(ctx, auth0client.PriorityBulk)
	}
	if giver, ok := r.whose.(RoleGiver); ok && r.batchesPay() {
		r.each(ctx, r.compare)
		r.give(ctx, giver)
	}
	r.each(ctx, r.one)
}

// byRole is who gets each role, in the order of the changes.
func (r *RoleRun) byRole() (roles []auth0client.RoleID, users map[auth0client.RoleID][]int) {
	users = map[auth0client.RoleID][]int{}
	for i, o := range r.all {
		if o.State >= Succeeded {
			continue
		}
		for _, id := range o.Change.Add {
			if users[id] == nil {
				roles = append(roles, id)
			}
			users[id] = append(users[id], i)
		}
	}
	return roles, users
}

// batchesPay reports that a request for each role takes fewer than one for each user.
func (r *RoleRun) batchesPay() bool {
	adding := 0
	for _, o := range r.all {
		if len(o.Change.Add) > 0 {
			adding++
		}
	}
	roles, users := r.byRole()
	requests := 0
	for _, id := range roles {
		requests += (len(users[id]) + auth0client.MostMembers - 1) / auth0client.MostMembers
	}
	return requests < adding
}

// mostCompared is among how many users each is looked at before they are given a role together: to give is to add, and
// overwrites nothing that somebody else did.
const mostCompared = 100

// compare looks whether a user still holds what they held: the request for many carries no such condition.
func (r *RoleRun) compare(ctx context.Context, o RoleOutcome) RoleOutcome {
	if len(r.all) > mostCompared || len(o.Change.Add) == 0 {
		return o
	}
	now, err := r.whose.Held(ctx, o.Change.User.ID)
	switch {
	case err != nil:
		o.Err, o.State = err, Failed
	case !sameRoles(now, o.Change.Held):
		o.Held, o.Changed, o.State = now, true, Failed
	}
	return o
}

// give sends the assigning requests, a role and a batch of its users each.
func (r *RoleRun) give(ctx context.Context, giver RoleGiver) {
	roles, users := r.byRole()
	for _, id := range roles {
		var ids []auth0client.UserID
		for _, i := range users[id] {
			if r.all[i].State < Succeeded {
				ids = append(ids, r.all[i].Change.User.ID)
			}
		}
		many := AssignToMany(giver, id, ids)
		if r.isStopped() || len(ids) == 0 {
			continue
		}
		err := many.Run(ctx, func(int, int) {
			if r.isStopped() {
				many.Stop()
			}
		})
		r.took(id, users[id], many)
		if endsRun(err) {
			r.Stop()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.all {
		o := &r.all[i]
		o.added = o.State < Succeeded && holdsAll(o.Held, o.Change.Add)
	}
}

// took notes what became of one role's way to its users.
func (r *RoleRun) took(role auth0client.RoleID, users []int, many *ManyAssigned) {
	done := map[auth0client.UserID]bool{}
	for _, u := range many.Done() {
		done[u] = true
	}
	errs := many.Errs()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range users {
		o := &r.all[i]
		id := o.Change.User.ID
		switch err := errs[id]; {
		case o.State >= Succeeded:
		case done[id]:
			o.Held = append(o.Held, role)
		case err == nil:
			o.State = Stopped
		case waiting(err):
			o.Waits = append(o.Waits, err)
		default:
			o.Err, o.State = err, Failed
		}
	}
}

func (r *RoleRun) isStopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.over()
}

// each does something for every change that is not over, a few at a time.
func (r *RoleRun) each(ctx context.Context, do func(context.Context, RoleOutcome) RoleOutcome) {
	next := make(chan int)
	var workers parallel.Group
	for range min(atOnce, len(r.all)) {
		workers.Go(func() {
			defer func() { // whatever happens, nobody waits for a worker that is gone
				for range next {
				}
			}()
			for i := range next {
				r.work(ctx, i, do)
			}
		})
	}
	for i := range r.all {
		next <- i
	}
	close(next)
	workers.Wait()
}

func (r *RoleRun) work(ctx context.Context, i int, do func(context.Context, RoleOutcome) RoleOutcome) {
	r.mu.Lock()
	o := r.all[i]
	if o.State >= Succeeded {
		r.mu.Unlock()
		return
	}
	if r.over() || ctx.Err() != nil {
		r.all[i].State = Stopped
		r.mu.Unlock()
		return
	}
	r.all[i].State = Running
	r.mu.Unlock()
	o = do(ctx, o)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[i] = o
	r.stopped = r.stopped || endsRun(o.Err)
}

// one changes one user in at most two requests. Each goes with what the user must hold for it: what somebody else changed
// meanwhile is not overwritten. After a failure the roles are read again, so that what is shown is what is true.
func (r *RoleRun) one(ctx context.Context, o RoleOutcome) RoleOutcome {
	id, held := o.Change.User.ID, slices.Clone(o.Held)
	send := func(want []auth0client.RoleID, call func(context.Context, auth0client.UserID, []auth0client.RoleID, []auth0client.RoleID) error, after func()) {
		if len(want) == 0 || o.Err != nil || o.Changed {
			return
		}
		switch err := call(ctx, id, want, held); {
		case waiting(err):
			o.Waits = append(o.Waits, err)
		case errors.As(err, new(*auth0client.Changed)):
			o.Changed = true
		case err != nil:
			o.Err = err
		default:
			after()
		}
	}
	if !o.added && len(o.Waits) == 0 {
		send(o.Change.Add, r.whose.Assign, func() { held = append(held, o.Change.Add...) })
	}
	send(o.Change.Remove, r.whose.Remove, func() {
		held = slices.DeleteFunc(held, func(role auth0client.RoleID) bool { return slices.Contains(o.Change.Remove, role) })
	})
	o.Held, o.State = held, Succeeded
	if o.Err != nil || o.Changed || len(o.Waits) > 0 {
		o.State = Failed
	}
	if o.Changed || o.Err != nil && !endsRun(o.Err) {
		if now, err := r.whose.Held(ctx, id); err == nil {
			o.Held = now
		}
	}
	return o
}

func waiting(err error) bool { return errors.As(err, new(*auth0client.ApprovalPending)) }

func holdsAll(held, want []auth0client.RoleID) bool {
	return !slices.ContainsFunc(want, func(id auth0client.RoleID) bool { return !slices.Contains(held, id) })
}

// sameRoles compares two sets of roles.
func sameRoles(a, b []auth0client.RoleID) bool { return holdsAll(a, b) && holdsAll(b, a) }
