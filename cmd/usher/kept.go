package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"usher/auth0client"
	"usher/auth0client/signin/privatefile"
	"usher/config"
	"usher/ui/users"
	"usher/ui/view"
)

// keeping is the folder of a profile for what the console remembers and what it writes for the operator.
type keeping struct {
	dir  string
	last users.Kept
}

// newKeeping reads what is remembered. A file that makes no sense is moved aside: how a list looks is no reason not to start.
func newKeeping(dir string) *keeping {
	k := &keeping{dir: dir}
	data, err := privatefile.Read(k.path())
	if err != nil {
		return k
	}
	if json.Unmarshal(data, &k.last) != nil {
		k.last = users.Kept{}
		_ = os.Rename(k.path(), k.path()+".damaged")
	}
	return k
}

func (k *keeping) path() string { return filepath.Join(k.dir, "list.json") }

// Load is what was remembered.
func (k *keeping) Load() users.Kept { return k.last }

// Save remembers.
func (k *keeping) Save(kept users.Kept) error {
	k.last = kept
	data, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return fmt.Errorf("encode what to remember: %w", err)
	}
	if err := privatefile.Folder(k.dir); err != nil {
		return err
	}
	return privatefile.Write(k.path(), data)
}

// write puts a summary or an export into the folder, for its owner only. A file of the same name stays.
func (k *keeping) write(name string, content []byte) (string, error) {
	dir := filepath.Join(k.dir, "files")
	if err := privatefile.Folder(dir); err != nil {
		return "", err
	}
	path := filepath.Join(dir, filepath.Base(name))
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s is there already; try again in a second", path)
	}
	return path, privatefile.Write(path, content)
}

// lookups are the fields of a profile by which a pasted key finds people, by name.
func lookups(p config.Profile) []auth0client.Lookup {
	var out []auth0client.Lookup
	for name, path := range p.Lookup {
		out = append(out, auth0client.Lookup{Name: name, Path: path})
	}
	slices.SortFunc(out, func(a, b auth0client.Lookup) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// customFields are the fields of a profile. In the search box one is called by the last part of its path.
func customFields(p config.Profile) []view.Field {
	var out []view.Field
	for _, f := range p.CustomFields {
		in := func(place string) bool { return slices.Contains(f.Show, place) }
		out = append(out, view.Field{Label: f.Label, Path: f.Path, Name: f.Path[strings.LastIndex(f.Path, ".")+1:],
			List: in("list"), Detail: in("detail"), Edit: in("edit"), Create: in("create"), Search: in("search")})
	}
	return out
}
