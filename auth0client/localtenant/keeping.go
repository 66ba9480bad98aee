package localtenant

import (
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"sync"
)

// rowsPerLine is how many records share a line when a whole tenant is written.
const rowsPerLine = 500

// kindPast is the kind of the one record that is no table: the log of the month before the tenant was made.
const kindPast = "past"

// keepers are all tables that a state file keeps. What lives shorter than a run, such as a device code, is not among them.
func (t *Tenant) keepers() []keeper {
	return []keeper{t.users, t.connections, t.apis, t.clients, t.orgs, t.roles, t.userRoles, t.members, t.userPerms, t.methods,
		t.blocks, t.sessions, t.grants, t.jobs, t.events, t.groups, t.userGroups, t.groupRoles, t.orgGroupRoles, t.orgConnections,
		t.orgDomains, t.orgGrants, t.rolesAhead, t.invitations, t.clientGrants, t.consents, t.deviceKeys, t.settings, t.ipBlocks, t.work,
		t.signingKeys, t.families, t.refresh, t.browsers, t.trusted, t.tickets, t.failures}
}

// resume fills an empty tenant from its state file; found is false when there is none yet.
func (t *Tenant) resume() (found bool, err error) {
	if _, err := os.Stat(t.state.path); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	kinds := map[string]keeper{}
	for _, k := range t.keepers() {
		kinds[k.name()] = k
	}
	var header *stateHeader
	rows := 0
	torn, err := t.state.read(func(line []byte) error {
		if header == nil {
			header = &stateHeader{}
			return header.check(line)
		}
		var changes []change
		if err := json.Unmarshal(line, &changes); err != nil {
			return fmt.Errorf("it is not a list of changes: %w", err)
		}
		rows += len(changes)
		for _, c := range changes {
			if err := t.replay(kinds, c); err != nil {
				return fmt.Errorf("its record %s %q cannot be read: %w", c.Kind, c.Key, err)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return false, err
	case header == nil:
		return false, &damage{t.state.path, 1, "the file is empty"}
	case torn != "":
		t.tell("a change that a crash cut off was moved to " + torn)
	}
	t.opts.Seed, t.born = header.Seed, header.Born
	// Ids go on where nobody can have been: the number of lines grows with every change.
	t.ids = mathrand.New(mathrand.NewPCG(t.opts.Seed, 0x75736865+uint64(t.state.lines)))
	t.rebuild()
	kept := 0
	for _, k := range kinds {
		kept += len(k.names())
	}
	if rows > 2*kept+1000 {
		return true, t.snapshot()
	}
	return true, t.state.appendTo()
}

func (h *stateHeader) check(line []byte) error {
	if err := json.Unmarshal(line, h); err != nil || h.Is != stateIs {
		return errors.New("it is not the state of a local tenant")
	}
	if h.Version != stateVersion {
		return fmt.Errorf("it is of version %d, and this usher reads version %d", h.Version, stateVersion)
	}
	return nil
}

func (t *Tenant) replay(kinds map[string]keeper, c change) error {
	if c.Kind == kindPast {
		p := &past{}
		if err := json.Unmarshal(c.Value, p); err != nil {
			return err
		}
		if err := p.check(); err != nil {
			return err
		}
		p.index()
		t.past = func() *past { return p }
		return nil
	}
	k := kinds[c.Kind]
	switch {
	case k == nil:
		return errors.New("this usher knows no such kind")
	case c.Value == nil:
		k.(interface{ drop(string) }).drop(c.Key)
		return nil
	}
	return k.restore(c.Key, c.Value)
}

// rebuild makes what is derived from the tables: the indexes.
func (t *Tenant) rebuild() {
	for id, u := range t.users.all() {
		t.known.add(u)
		t.index.apply(id, u)
	}
	for id, roles := range t.userRoles.all() {
		reindex(t.holders, id, nil, roles)
	}
	for id, in := range t.members.all() {
		reindex(t.inOrg, id, nil, orgsOf(in))
	}
}

// snapshot writes the whole tenant anew.
func (t *Tenant) snapshot() error {
	return t.state.rewrite(func(write func(any) error) error {
		lines := 2 // the header and the old log
		for _, k := range t.keepers() {
			lines += (len(k.names()) + rowsPerLine - 1) / rowsPerLine
		}
		if err := write(stateHeader{Is: stateIs, Version: stateVersion, Seed: t.opts.Seed, Born: t.born, Lines: lines}); err != nil {
			return err
		}
		raw, err := json.Marshal(t.past())
		if err != nil {
			return fmt.Errorf("encode the old log: %w", err)
		}
		if err := write([]change{{Kind: kindPast, Value: raw}}); err != nil {
			return err
		}
		for _, k := range t.keepers() {
			for keys := k.names(); len(keys) > 0; keys = keys[min(len(keys), rowsPerLine):] {
				batch, err := encodeRows(k, keys[:min(len(keys), rowsPerLine)])
				if err == nil {
					err = write(batch)
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func encodeRows(k keeper, keys []string) ([]change, error) {
	out := make([]change, 0, len(keys))
	for _, key := range keys {
		c := change{Kind: k.name(), Key: key}
		if row, there := k.row(key); there {
			raw, err := json.Marshal(row)
			if err != nil {
				return nil, fmt.Errorf("encode %s %q: %w", c.Kind, key, err)
			}
			c.Value = raw
		}
		out = append(out, c)
	}
	return out, nil
}

// listen makes every change from now on one that is kept.
func (t *Tenant) listen() {
	for _, k := range t.keepers() {
		k.listen(t.state.note)
	}
}

// keep puts what changed since the last time on disk. The tenant is locked.
func (t *Tenant) keep() error {
	s := t.state
	if s == nil || s.err == nil && len(s.dirty) == 0 {
		return nil
	}
	if s.err != nil {
		return s.err
	}
	kinds := map[string]keeper{}
	for _, k := range t.keepers() {
		kinds[k.name()] = k
	}
	batch := make([]change, 0, len(s.dirty))
	for _, d := range s.dirty {
		one, err := encodeRows(kinds[d.Kind], []string{d.Key})
		if err != nil {
			s.err = err
			return err
		}
		batch = append(batch, one...)
	}
	s.dirty = s.dirty[:0]
	clear(s.seen)
	line, err := sealed(batch)
	if err == nil {
		_, err = s.file.Write(line)
	}
	if err == nil {
		err = s.file.Sync()
	}
	if err != nil {
		s.err = fmt.Errorf("the state file %s cannot be written, so this tenant takes no more changes until it is started again: %w", s.path, err)
		return s.err
	}
	s.lines++
	return nil
}

// release keeps what changed and unlocks the tenant.
func (t *Tenant) release() {
	t.keep() //nolint:errcheck // the error stays, and the next change is refused with it
	t.mu.Unlock()
}

// Close lets go of the state file, if there is one. The tenant takes no more changes.
func (t *Tenant) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == nil {
		return nil
	}
	err := t.keep()
	if t.state.err == nil {
		t.state.err = errors.New("the local tenant is closed")
	}
	if err = errors.Join(err, t.state.close()); err != nil {
		return fmt.Errorf("close the state file: %w", err)
	}
	return nil
}

func (t *Tenant) tell(note string) {
	if t.opts.Tell != nil {
		t.opts.Tell(note)
	}
}

// rememberPast makes the past of the people there are now, in the background: nobody waits for it until the log is read.
func (t *Tenant) rememberPast() {
	t.bornBlocks, t.bornFactor = t.blocks.copied(), map[string]bool{}
	for id := range t.methods.all() {
		t.bornFactor[id] = len(t.multifactor(id)) > 0
	}
	people := t.users.list()
	t.past = sync.OnceValue(func() *past { return makePast(t, people) })
	go t.past()
}

// Users is how many users the tenant has, the operators among them.
func (t *Tenant) Users() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.users.len()
}
