package localtenant

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func statePath(t *testing.T) string { return filepath.Join(t.TempDir(), "tenant.state") }

// again closes a rig's tenant and opens its state anew.
func again(t *testing.T, r *rig, o Options) *rig {
	t.Helper()
	if err := r.tenant.Close(); err != nil {
		t.Fatal(err)
	}
	return serve(t, o)
}

func TestEveryTableIsKept(t *testing.T) {
	t.Parallel()
	tn, err := New(Options{Users: 1})
	if err != nil {
		t.Fatal(err)
	}
	kept := map[uintptr]bool{}
	names := map[string]bool{}
	for _, k := range tn.keepers() {
		kept[reflect.ValueOf(k).Pointer()] = true
		if names[k.name()] {
			t.Errorf("two tables are called %q", k.name())
		}
		names[k.name()] = true
	}
	// These live shorter than a run: whoever holds one begins anew.
	brief := map[string]bool{"devices": true, "logins": true, "codes": true, "assertions": true}
	var look func(v reflect.Value)
	look = func(v reflect.Value) {
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Name
			switch {
			case f.Kind() == reflect.Struct && v.Type().Field(i).Anonymous:
				look(f)
			case strings.HasPrefix(f.Type().String(), "*localtenant.table[") && !kept[f.Pointer()] && !brief[name]:
				t.Errorf("the table %s is not among the keepers: it would be lost between runs", name)
			}
		}
	}
	look(reflect.ValueOf(tn).Elem())
}

func TestWhatIsWrittenIsThereAfterARestart(t *testing.T) {
	t.Parallel()
	o := Options{Users: 40, Seed: 3, State: statePath(t)}
	r := serve(t, o)
	role := r.tenant.roles.list()[4].ID
	r.want(200, "PATCH", "users/"+ada, `{"user_metadata":{"note":"kept"},"blocked":true}`)
	r.want(204, "POST", "users/"+ada+"/roles", `{"roles":["`+role+`"]}`)
	made := r.want(201, "POST", "users", `{"connection":"Username-Password-Authentication","email":"kept@example.com","password":"Long enough 1"}`).object()["user_id"].(string)
	gone := r.tenant.users.names()[7]
	r.want(204, "DELETE", "users/"+strings.ReplaceAll(gone, "|", "%7C"), "")
	before := r.want(200, "GET", "users/"+ada+"/logs", "").raw
	_, secret := r.tenant.M2M()

	r = again(t, r, Options{Users: 9999, Seed: 8, State: o.State})
	got := r.want(200, "GET", "users/"+ada, "").object()
	if got["blocked"] != true || got["user_metadata"].(map[string]any)["note"] != "kept" {
		t.Errorf("the change is not there: %v", got)
	}
	if held := r.tenant.holdersOf(role); !slices.Contains(held, ShowcaseID) {
		t.Errorf("the role's members are %v", held)
	}
	r.want(404, "GET", "users/"+strings.ReplaceAll(gone, "|", "%7C"), "")
	if rows := r.want(200, "GET", "users?q=email:kept@example.com", "").rows(); len(rows) != 1 || rows[0].(map[string]any)["user_id"] != made {
		t.Errorf("the search finds %v", rows)
	}
	if after := r.want(200, "GET", "users/"+ada+"/logs", "").raw; !bytes.Equal(before, after) {
		t.Errorf("the log changed:\n%s\n%s", before, after)
	}
	if _, now := r.tenant.M2M(); now != secret {
		t.Error("the gateway's secret changed: a written configuration would no longer work")
	}
	next := r.want(201, "POST", "users", `{"connection":"Username-Password-Authentication","email":"next@example.com","password":"Long enough 1"}`).object()["user_id"].(string)
	if next == made {
		t.Error("an id was given out twice")
	}
}

func TestADamagedStateIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	path := statePath(t)
	r := serve(t, Options{Users: 2, State: path})
	r.want(200, "PATCH", "users/"+ada, `{"nickname":"first"}`)
	r.want(200, "PATCH", "users/"+ada, `{"nickname":"second"}`)
	if err := r.tenant.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lastLine := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	step := max(1, len(whole)/70)
	for at := 0; at < len(whole); at += step {
		flipped := slices.Clone(whole)
		flipped[at] ^= 0x04
		write(t, path, flipped)
		tn, err := New(Options{State: path})
		var bad *damage
		if !errors.As(err, &bad) {
			t.Fatalf("byte %d flipped: %v", at, err)
		}
		if tn != nil {
			t.Fatal("a tenant came with the error")
		}
		if now, _ := os.ReadFile(path); !bytes.Equal(now, flipped) {
			t.Fatalf("byte %d flipped: the damaged file was changed", at)
		}
	}
	// What was written whole, by rename, no crash can have cut: the tenant is not quietly begun without half its users.
	written := 0
	for range wholeLines(whole[9:bytes.IndexByte(whole, '\n')]) {
		written += bytes.IndexByte(whole[written:], '\n') + 1
	}
	if written < step*10 {
		t.Fatalf("the tenant takes %d bytes of %d", written, len(whole))
	}
	for at := 1; at < written; at += step {
		write(t, path, whole[:at])
		tn, err := New(Options{State: path})
		var bad *damage
		if !errors.As(err, &bad) || tn != nil || !strings.Contains(err.Error(), path) {
			t.Fatalf("cut at %d of %d: %v", at, written, err)
		}
		if now, _ := os.ReadFile(path); !bytes.Equal(now, whole[:at]) {
			t.Fatalf("cut at %d: the damaged file was changed", at)
		}
	}
	for at, lines := 0, 0; lines < wholeLines(whole[9:bytes.IndexByte(whole, '\n')])-1; lines++ { // at the ends of lines
		at += bytes.IndexByte(whole[at:], '\n') + 1
		write(t, path, whole[:at])
		if tn, err := New(Options{State: path}); !errors.As(err, new(*damage)) || tn != nil {
			t.Fatalf("cut after line %d: %v", lines+1, err)
		}
	}
	// A line that a crash cut off was never answered for: it goes aside, all before it counts.
	write(t, path, whole[:lastLine+(len(whole)-lastLine)/2])
	var told string
	tn, err := New(Options{State: path, Tell: func(s string) { told = s }})
	if err != nil {
		t.Fatal(err)
	}
	defer tn.Close()
	if got := tn.users.at(ShowcaseID).Nickname; got != "first" {
		t.Errorf("the nickname is %q, want what was answered for", got)
	}
	if !strings.Contains(told, ".torn-") {
		t.Errorf("told %q", told)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTwoTenantsDoNotShareAStateFile(t *testing.T) {
	t.Parallel()
	path := statePath(t)
	r := serve(t, Options{Users: 2, State: path})
	defer r.tenant.Close()
	if _, err := New(Options{State: path}); err == nil || !strings.Contains(err.Error(), "another local tenant") {
		t.Errorf("the second tenant: %v", err)
	}
}

func TestAStateThatCannotBeWrittenStopsChanges(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 2, State: statePath(t)})
	if err := r.tenant.state.file.Close(); err != nil {
		t.Fatal(err)
	}
	a := r.want(503, "PATCH", "users/"+ada, `{"nickname":"lost"}`)
	if !strings.Contains(string(a.raw), "cannot be written") {
		t.Errorf("the answer is %s", a.raw)
	}
	r.want(503, "PATCH", "users/"+ada, `{"nickname":"lost"}`)
	r.want(200, "GET", "users/"+ada, "")
}

func TestAStateFullOfOldChangesIsWrittenAnew(t *testing.T) {
	t.Parallel()
	path := statePath(t)
	r := serve(t, Options{Users: 2, State: path, SearchLag: -1})
	u := r.tenant.users.at(ShowcaseID)
	for i := range 1250 {
		r.tenant.mu.Lock()
		c := u.clone()
		c.Logins = i
		r.tenant.put(c)
		r.tenant.release()
	}
	r.clock.pass(time.Hour)
	grown, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	r = again(t, r, Options{State: path})
	if now, _ := os.Stat(path); now.Size() > grown.Size()/2 {
		t.Errorf("the file has %d bytes, before it had %d", now.Size(), grown.Size())
	}
	if got := r.tenant.users.at(ShowcaseID).Logins; got != 1249 {
		t.Errorf("logins are %d", got)
	}
}
