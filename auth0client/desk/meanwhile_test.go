package desk

import (
	"context"
	"errors"
	"slices"
	"testing"

	"usher/auth0client"
)

// office is a tenant whose user is not as the operator's list has them.
type office struct {
	Passwords
	Unblocking
	blocked   bool
	passwords []error // what the next passwords are answered with; a block is lifted by each that is set
	blockErr  error
	lost      bool // the answers to blocks are lost: they are made all the same
	dropped   bool // and these are not
	sent      []string
}

func (o *office) User(_ context.Context, id auth0client.UserID) (auth0client.User, error) {
	return auth0client.User{ID: id, Blocked: o.blocked}, nil
}

func (o *office) SetBlocked(_ context.Context, id auth0client.UserID, is bool) (auth0client.User, error) {
	o.sent = append(o.sent, "blocked")
	if !o.dropped {
		o.blocked = is
	}
	if o.lost || o.dropped {
		return auth0client.User{}, &auth0client.Unknown{Err: errors.New("cut")}
	}
	return auth0client.User{ID: id, Blocked: is}, nil
}

func (o *office) UpdateUser(_ context.Context, id auth0client.UserID, step auth0client.Change, _ auth0client.Unchanged) (auth0client.User, error) {
	o.sent = append(o.sent, step.Names()...)
	if is, ok := step["blocked"].(bool); ok {
		if o.blockErr == nil {
			o.blocked = is
		}
		return auth0client.User{ID: id, Blocked: o.blocked}, o.blockErr
	}
	o.blocked = false
	var err error
	if len(o.passwords) > 0 {
		err, o.passwords = o.passwords[0], o.passwords[1:]
	}
	return auth0client.User{ID: id}, err
}

func TestAPasswordLeavesTheBlockAsItIsNowAndNotAsItWasOnTheScreen(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ shown, is bool }{
		"blocked by somebody else meanwhile":   {shown: false, is: true},
		"unblocked by somebody else meanwhile": {shown: true, is: false},
	} {
		o := &office{blocked: tc.is}
		r := SetPassword(o, auth0client.User{ID: "auth0|1", Blocked: tc.shown}, "", auth0client.NewSecret("hunter-2-Hunter")).Run(t.Context())
		if r.Err != nil || o.blocked != tc.is {
			t.Errorf("%s: they are blocked: %v, %+v", name, o.blocked, r)
		}
		if said := slices.Contains(r.Done, "The administrator's block is set again."); said != tc.is {
			t.Errorf("%s: it says %q", name, r.Done)
		}
	}
}

func TestAPasswordOfUnknownOutcomeLeavesNobodyUnblocked(t *testing.T) {
	t.Parallel()
	unknown := &auth0client.Unknown{Err: errors.New("cut")}
	set := func(o *office) Result {
		return SetPassword(o, auth0client.User{ID: "auth0|1", Blocked: true}, "", auth0client.NewSecret("hunter-2-Hunter")).Run(t.Context())
	}
	o := &office{blocked: true, passwords: []error{unknown}}
	if r := set(o); !r.Unsure() || !o.blocked || !slices.Contains(r.Done, "The administrator's block is set again.") {
		t.Errorf("they are blocked: %v, %+v", o.blocked, r)
	}
	o = &office{blocked: true, passwords: []error{unknown}, blockErr: errors.New("no way")}
	if r := set(o); !r.Unsure() || len(r.Note) != 1 {
		t.Errorf("nothing says that the block may be lifted: %+v", r)
	}
}

func TestAPasswordThatWaitsToBeApprovedSaysThatItWillLiftTheBlock(t *testing.T) {
	t.Parallel()
	for _, blocked := range []bool{true, false} {
		o := &office{blocked: blocked, passwords: []error{&auth0client.ApprovalPending{}}}
		r := SetPassword(o, auth0client.User{ID: "auth0|1"}, "", auth0client.NewSecret("hunter-2-Hunter")).Run(t.Context())
		if !r.Waits() || (len(r.Note) == 1) != blocked || len(o.sent) != 1 {
			t.Errorf("blocked %v: %+v, sent %v", blocked, r, o.sent)
		}
	}
}

func TestABlockOfSomebodyElseIsNotTakenBack(t *testing.T) {
	t.Parallel()
	o := &office{blocked: true}
	r := Block(o, auth0client.User{ID: "auth0|1"}).Run(t.Context())
	if r.Err != nil || r.Back != nil || len(r.Done) != 1 || r.User == nil || !r.User.Blocked || len(o.sent) != 0 {
		t.Errorf("a block that was there is %+v, sent %v", r, o.sent)
	}
	o = &office{}
	if r = Block(o, auth0client.User{ID: "auth0|1", Blocked: true}).Run(t.Context()); r.Err != nil || r.Back == nil || !o.blocked {
		t.Errorf("a block of somebody whom the list has as blocked is %+v", r)
	}
}

func TestABlockWithoutAnAnswerIsLookedAt(t *testing.T) {
	t.Parallel()
	for _, is := range []bool{false, true} {
		u := auth0client.User{ID: "auth0|1", Blocked: is}
		op := func(o *office) Operation {
			if is {
				return Unblock(o, u, nil, nil)
			}
			return Block(o, u)
		}
		o := &office{blocked: is, lost: true}
		if r := op(o).Run(t.Context()); r.Err != nil || r.User == nil || r.User.Blocked == is || r.Back == nil || len(o.sent) != 1 {
			t.Errorf("blocked %v: what was made is %+v, sent %v", is, r, o.sent)
		}
		o = &office{blocked: is, dropped: true}
		if r := op(o).Run(t.Context()); !r.Unsure() || r.Back != nil || len(o.sent) != 1 {
			t.Errorf("blocked %v: what may not be made is %+v, sent %v", is, r, o.sent)
		}
	}
}
