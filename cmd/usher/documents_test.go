package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// documents are the project's pages for people: path → text, with paths from the project's folder.
func documents(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	read := func(path string) {
		text, err := os.ReadFile(filepath.Join("..", "..", path))
		if err != nil {
			t.Fatal(err)
		}
		pages[path] = string(text)
	}
	for _, p := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} {
		read(p)
	}
	err := fs.WalkDir(os.DirFS(filepath.Join("..", "..")), "docs", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			read(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func TestEveryLinkOfTheDocumentsLeadsSomewhere(t *testing.T) {
	t.Parallel()
	pages := documents(t)
	links := regexp.MustCompile(`\]\(([^)]+)\)`)
	for page, text := range pages {
		for _, m := range links.FindAllStringSubmatch(withoutFences(text), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := filepath.ToSlash(filepath.Join(filepath.Dir(page), target))
			if target == "" {
				path = page
			}
			if _, err := os.Stat(filepath.Join("..", "..", path)); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
			if anchor != "" && !slices.Contains(anchors(pages[path]), anchor) {
				t.Errorf("%s links to %s, which has no such heading", page, m[1])
			}
		}
	}
}

func TestEveryDocumentIsListedInTheReadme(t *testing.T) {
	t.Parallel()
	pages := documents(t)
	for page := range pages {
		if page != "README.md" && !strings.Contains(pages["README.md"], "]("+page+")") {
			t.Errorf("README.md does not lead to %s", page)
		}
	}
}

func TestHelpNamesDocumentsThatExist(t *testing.T) {
	t.Parallel()
	pages := documents(t)
	named := regexp.MustCompile(`\bdocs/[\w/-]+\.md`)
	walk(documented(), func(cmd *cobra.Command) {
		for _, page := range named.FindAllString(cmd.Long+cmd.Example+cmd.Flags().FlagUsages(), -1) {
			if _, ok := pages[page]; !ok {
				t.Errorf("%s --help names %s", cmd.CommandPath(), page)
			}
		}
	})
}

// TestTheDocumentsNameCommandsThatExist looks at code that begins with "usher" or "make", flags included.
func TestTheDocumentsNameCommandsThatExist(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	root := documented()
	for page, text := range documents(t) {
		if page == "docs/commands.md" {
			continue
		}
		for _, code := range code(text) {
			words := strings.Fields(code)
			switch {
			case len(words) > 1 && words[0] == "make":
				if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(words[1]) + `:`).Match(makefile) {
					t.Errorf("%s: %q is no target of the Makefile", page, code)
				}
			case len(words) > 1 && words[0] == "usher":
				if wrong := unknownWord(root, words[1:]); wrong != "" {
					t.Errorf("%s: in %q, usher does not know %s", page, code, wrong)
				}
			}
		}
	}
}

// tenantNames are what setup makes in a tenant: their names begin as commands do.
var tenantNames = []string{"viewer", "support", "admin", "console"}

// unknownWord is the first word that is neither a command nor a flag of it. What follows the command is its own affair.
func unknownWord(cmd *cobra.Command, words []string) string {
	if slices.Contains(tenantNames, words[0]) {
		return ""
	}
	inPath := true
	for _, w := range words {
		switch {
		case w == "#" || w == "|" || w == "&&" || w == ">":
			return ""
		case strings.HasPrefix(w, "--") && len(w) > 2:
			inPath = inPath && !cmd.HasParent() // usher --profile P users …
			name, _, _ := strings.Cut(w[2:], "=")
			if name != "help" && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil && cmd.PersistentFlags().Lookup(name) == nil {
				return w
			}
		case inPath && strings.ToLower(w) == w:
			next := child(cmd, w)
			if next == nil && cmd.HasAvailableSubCommands() && !cmd.Runnable() {
				return w
			}
			if next == nil && !cmd.HasParent() && regexp.MustCompile(`^[a-z]+$`).MatchString(w) {
				return w
			}
			if next != nil {
				cmd = next
			} else {
				inPath = false
			}
		}
	}
	return ""
}

func child(cmd *cobra.Command, name string) *cobra.Command {
	for _, c := range cmd.Commands() {
		if c.Name() == name || c.HasAlias(name) {
			return c
		}
	}
	return nil
}

// code is what stands in backquotes, and each line of a block of code.
func code(text string) []string {
	var all []string
	for i, part := range strings.Split(text, "```") {
		if i%2 == 1 {
			all = append(all, strings.Split(part, "\n")...)
			continue
		}
		for j, span := range strings.Split(part, "`") {
			if j%2 == 1 {
				all = append(all, span)
			}
		}
		for _, line := range strings.Split(part, "\n") {
			if strings.HasPrefix(line, "    ") {
				all = append(all, line)
			}
		}
	}
	return all
}

func withoutFences(text string) string {
	parts := strings.Split(text, "```")
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString(parts[i])
	}
	return b.String()
}

// anchors are the headings as GitHub names them in addresses.
func anchors(text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		slug := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(slug, " ", "-"))
	}
	return all
}

// TestTheDrawingsKeepTheirSpaces: a drawing is well-formed, and each text in it keeps its spaces in a browser, which lets no
// text inherit xml:space. Without that a column of a terminal is drawn letter by letter across its whole width.
func TestTheDrawingsKeepTheirSpaces(t *testing.T) {
	t.Parallel()
	drawings, err := filepath.Glob(filepath.Join("..", "..", "docs", "screenshots", "*.svg"))
	if err != nil || len(drawings) == 0 {
		t.Fatalf("no drawings (%v)", err)
	}
	for _, path := range append(drawings, filepath.Join("..", "..", "docs", "demo.svg")) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		styled := strings.Contains(string(data), "<style>text{white-space:pre}")
		texts := 0
		for d := xml.NewDecoder(bytes.NewReader(data)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			start, ok := token.(xml.StartElement)
			if !ok || start.Name.Local != "text" {
				continue
			}
			texts++
			if !styled && !slices.ContainsFunc(start.Attr, func(a xml.Attr) bool { return a.Name.Local == "space" && a.Value == "preserve" }) {
				t.Errorf("%s: a text loses its spaces", path)
				break
			}
		}
		if texts == 0 {
			t.Errorf("%s shows no text", path)
		}
	}
}

// TestEveryLibraryHasItsLine: docs/decisions.md says of each direct requirement of go.mod what it is for, and of no other.
func TestEveryLibraryHasItsLine(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	required := map[string]bool{} // path → direct
	for _, m := range regexp.MustCompile(`(?m)^\t(\S+) v\S+( // indirect)?$`).FindAllStringSubmatch(string(mod), -1) {
		required[m[1]] = m[2] == ""
	}
	_, section, _ := strings.Cut(documents(t)["docs/decisions.md"], "\n## Libraries\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for path, direct := range required {
		if direct && !strings.Contains(section, "`"+path+"`") {
			t.Errorf("docs/decisions.md does not say what %s is for", path)
		}
	}
	named := regexp.MustCompile("`([a-z0-9-]+(?:\\.[a-z0-9-]+)+/[^` ]+)`").FindAllStringSubmatch(section, -1)
	if len(required) == 0 || len(named) == 0 {
		t.Fatalf("go.mod requires %d modules, docs/decisions.md names %d", len(required), len(named))
	}
	for _, m := range named {
		if _, ok := required[m[1]]; !ok {
			t.Errorf("docs/decisions.md names %s, which go.mod does not require", m[1])
		}
	}
}

// TestBothReleasesHoldTheSame: make release and goreleaser put the same into an archive, and with each document what it
// leads to.
func TestBothReleasesHoldTheSame(t *testing.T) {
	t.Parallel()
	files := func(file, pattern string) []string {
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(pattern).FindSubmatch(text)
		if m == nil {
			t.Fatalf("%s does not say what an archive holds", file)
		}
		return slices.Sorted(slices.Values(strings.FieldsFunc(string(m[1]), func(r rune) bool { return r == ' ' || r == ',' })))
	}
	made, configured := files("Makefile", `cp -r (.*) dist/`), files(".goreleaser.yaml", `(?m)^    files: \[(.*)\]$`)
	if !slices.Equal(made, configured) {
		t.Errorf("make release packs %v, goreleaser %v", made, configured)
	}
	for page := range documents(t) {
		if top, _, _ := strings.Cut(page, "/"); !slices.Contains(made, top) {
			t.Errorf("%s is in no archive, and other pages lead to it", page)
		}
	}
	for _, file := range configured {
		if strings.Contains(file, "*") {
			t.Errorf("goreleaser packs %s, which may leave files out", file)
		}
	}
}
