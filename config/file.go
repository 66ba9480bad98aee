package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// maxFile is the largest configuration that is read, in bytes.
const maxFile = 1 << 20

// Missing is a configuration that is not there. It is an os.ErrNotExist.
type Missing struct{ Path string }

func (m *Missing) Error() string {
	return fmt.Sprintf("there is no configuration %s: `usher demo` needs none, `usher setup --domain DOMAIN` says how to make one, --config FILE names another", m.Path)
}

// Is makes m the error that a missing file is.
func (*Missing) Is(err error) bool { return err == os.ErrNotExist }

// Read reads a file. Its errors name the file and, where there is one, the line.
func Read(path string) (Config, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return Config{}, &Missing{path}
	}
	if err == nil && info.Size() > maxFile {
		return Config{}, fmt.Errorf("%s is larger than 1 MB, which is no configuration", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration %s: %w", path, err)
	}
	return parse(path, data)
}

// parse reads the text of a file.
func parse(path string, data []byte) (Config, error) {
	c := Config{Path: path}
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Config{}, explain(path, err, reflect.TypeFor[Config]())
	}
	if len(c.Profiles) == 0 {
		return Config{}, fmt.Errorf("%s has no profile: it needs a table such as [profiles.work]", path)
	}
	return c, nil
}

// explain words a decoder's error with its line. file is what the file is decoded into: its keys are those that count.
func explain(path string, err error, file reflect.Type) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		first := strict.Errors[0]
		line, _ := first.Position()
		return fmt.Errorf("%s line %d: there is no setting %s", path, line, suggest(file, first.Key()))
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		line, column := decode.Position()
		return fmt.Errorf("%s line %d, column %d: %w", path, line, column, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// suggest names an unknown key and what may have been meant: the nearest key of its table, or all of them.
func suggest(file reflect.Type, key []string) string {
	if len(key) == 0 {
		return "of that name"
	}
	known := keysOf(file, key[:len(key)-1])
	name := key[len(key)-1]
	best, at := "", len(name)/2+2
	for _, k := range known {
		if d := distance(name, k); d < at {
			best, at = k, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("%q; did you mean %q?", name, best)
	case len(known) > 0:
		return fmt.Sprintf("%q; there are %s", name, strings.Join(known, ", "))
	}
	return fmt.Sprintf("%q", name)
}

// keysOf are the keys of the table at a path, read off the structs that the file is decoded into.
func keysOf(t reflect.Type, path []string) []string {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if len(path) > 0 && t.Kind() == reflect.Map {
		return keysOf(t.Elem(), path[1:])
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("toml"), ",")
		switch {
		case name == "" || name == "-":
		case len(path) == 0:
			keys = append(keys, name)
		case name == path[0]:
			return keysOf(t.Field(i).Type, path[1:])
		}
	}
	slices.Sort(keys)
	return keys
}

// distance is how many letters apart two words are.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// Format is a configuration as it is in a file.
func Format(c Config) (string, error) {
	data, err := toml.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("encode the configuration: %w", err)
	}
	return string(data), nil
}

// Write writes a configuration, whole or not at all, readable by its owner only. What was there before is kept beside it
// as .bak. A link is followed: the file may be one of a collection that lives elsewhere.
func Write(path string, c Config) error {
	text, err := Format(c)
	if err != nil {
		return err
	}
	data := []byte(text)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	old, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(old, data):
		return nil
	case err == nil:
		if err := replace(path+".bak", old); err != nil {
			return err
		}
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("write %s: %w", path, err)
	}
	return replace(path, data)
}

// replace writes a file by renaming a whole one over it.
func replace(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".usher-config-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone already once renamed
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
