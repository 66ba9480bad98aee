package lucene_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"usher/auth0client/lucene"
)

// documented is one case of testdata/cases.txt.
type documented struct {
	logs          bool
	query         string
	finds, misses []string
	refused       string
}

func readCases(t *testing.T) []documented {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "cases.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []documented
	logs := false
	for n, line := range strings.Split(string(raw), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		var last *documented
		if len(all) > 0 {
			last = &all[len(all)-1]
		}
		switch word {
		case "section":
			logs = rest == "logs"
		case "query":
			all = append(all, documented{logs: logs, query: rest})
		case "finds":
			last.finds = append(last.finds, rest)
		case "misses":
			last.misses = append(last.misses, rest)
		case "refused":
			last.refused = rest
		case "", "#":
		default:
			t.Fatalf("line %d of the cases is not understood: %s", n+1, line)
		}
	}
	return all
}

func TestTheDocumentedCasesHold(t *testing.T) {
	t.Parallel()
	for _, c := range readCases(t) {
		t.Run(c.query, func(t *testing.T) {
			t.Parallel()
			parse := lucene.Parse
			if c.logs {
				parse = lucene.ParseLogs
			}
			q, err := parse(c.query)
			var se *lucene.SyntaxError
			switch {
			case c.refused != "" && (!errors.As(err, &se) || !strings.Contains(se.Reason, c.refused)):
				t.Fatalf("%s gives %v, want it refused for %q", c.query, err, c.refused)
			case c.refused != "":
				return
			case err != nil:
				t.Fatal(err)
			case len(c.finds) == 0:
				t.Fatal("a query that is read must have somebody to find")
			}
			for _, record := range c.finds {
				if !q.Match(document(t, record)) {
					t.Errorf("%s does not find %s", c.query, record)
				}
			}
			for _, record := range c.misses {
				if q.Match(document(t, record)) {
					t.Errorf("%s finds %s", c.query, record)
				}
			}
		})
	}
}

// written gives the query that stands in testdata/cases.txt for one of the collected cases.
func written(query string) string {
	switch query {
	case "+ - && || ! ( ) { } [ ] ^ \" ~ * ? : \\ ":
		return `username:\+\-\&&\||\!\(\)\{\}\[\]\^\"\~\*\?\:\\\=\>\<\/`
	case "-last_login:[* TO *] AND created_at:[A TO B] AND -blocked:true":
		return "-last_login:[* TO *] AND created_at:[2018-01 TO 2018-02] AND -blocked:true"
	}
	return query
}

// TestEveryCollectedCaseIsCovered reads the collected cases that Auth0 states or that follow from what it states, so
// that a new one fails until it is in testdata/cases.txt.
func TestEveryCollectedCaseIsCovered(t *testing.T) {
	t.Parallel()
	shared := os.Getenv("USHER_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	raw, err := os.ReadFile(filepath.Join(shared, "cases", "user-search.md"))
	if os.IsNotExist(err) {
		t.Skipf("SKIPPED: the collected search cases are not in %s; set USHER_SHARED to the folder that holds cases/", shared)
	}
	if err != nil {
		t.Fatal(err)
	}
	covered := map[bool][]string{}
	for _, c := range readCases(t) {
		covered[c.logs] = append(covered[c.logs], c.query)
	}
	users, logs := collected(string(raw))
	if len(users) < 55 || len(logs) < 10 {
		t.Fatalf("only %d and %d cases were read: the file has another form", len(users), len(logs))
	}
	for isLog, queries := range map[bool][]string{false: users, true: logs} {
		for _, q := range queries {
			if !slices.Contains(covered[isLog], written(q)) {
				t.Errorf("no case of testdata/cases.txt covers %s", q)
			}
		}
	}
}

// quoted is text between backticks; listedQuery leaves out what a cell says besides its queries.
var (
	quoted      = regexp.MustCompile("`([^`]+)`")
	listedQuery = regexp.MustCompile("(?:^ ?(?:[a-z ]*)|, |/ )`([^`]+)`")
)

// collected gives the queries of the tables of sections A to F, all but those graded C, and those of section H.
func collected(text string) (users, logs []string) {
	section := ""
	for line := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = title[:1]
			continue
		}
		switch {
		case section >= "A" && section <= "F" && strings.HasPrefix(line, "| "):
			// A bar within a query is escaped from the table.
			cells := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
			grade := strings.TrimSpace(cells[len(cells)-2])
			if grade == "" || grade[0] != 'A' && grade[0] != 'B' {
				continue
			}
			for _, m := range listedQuery.FindAllStringSubmatch(cells[1], -1) {
				users = append(users, strings.ReplaceAll(m[1], "\x00", barOf(section)))
			}
		case section == "H" && strings.HasPrefix(line, "`"):
			for _, m := range quoted.FindAllStringSubmatch(line, -1) {
				if strings.Contains(m[1], ":") {
					logs = append(logs, m[1])
				}
			}
		}
	}
	return users, logs
}

// barOf is what an escaped bar of a table means: in section B the backslash belongs to the query.
func barOf(section string) string {
	if section == "B" {
		return `\|`
	}
	return "|"
}
