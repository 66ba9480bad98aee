package localtenant

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// searchCase is a documented case, as the package lucene keeps them for its own tests.
type searchCase struct {
	logs          bool
	query         string
	finds, misses []string
	refused       bool
}

func searchCases(t *testing.T) []searchCase {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "lucene", "testdata", "cases.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []searchCase
	logs := false
	for _, line := range strings.Split(string(raw), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "section":
			logs = rest == "logs"
		case "query":
			all = append(all, searchCase{logs: logs, query: rest})
		case "finds":
			all[len(all)-1].finds = append(all[len(all)-1].finds, rest)
		case "misses":
			all[len(all)-1].misses = append(all[len(all)-1].misses, rest)
		case "refused":
			all[len(all)-1].refused = true
		}
	}
	return all
}

func TestTheDocumentedSearchesAreAnsweredOrRefused(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 60})
	for _, c := range searchCases(t) {
		path := "users?search_engine=v3&q="
		if c.logs {
			path = "logs?q="
		}
		if !c.refused {
			r.want(200, "GET", path+url.QueryEscape(c.query), "")
			continue
		}
		a := r.want(400, "GET", path+url.QueryEscape(c.query), "")
		if a.object()["errorCode"] != "invalid_query_string" || a.object()["error"] != "Bad Request" {
			t.Errorf("%s is refused with %s", c.query, a.raw)
		}
	}
}

// TestTheDocumentedSearchesFindWhomTheyShould makes the people of the cases, as far as the API lets one write what they
// consist of, and searches for each alone.
func TestTheDocumentedSearchesFindWhomTheyShould(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 5})
	tried := 0
	for _, c := range searchCases(t) {
		if c.logs || c.refused || strings.Contains(c.query, "email_verified") {
			continue
		}
		for i, record := range slices.Concat(c.finds, c.misses) {
			body, ok := writable(t, record, fmt.Sprintf("case%d@example.net", tried))
			if !ok {
				continue
			}
			tried++
			a := r.api("POST", "users", body)
			if a.status != http.StatusCreated {
				t.Errorf("%s cannot be made: %s", record, a.raw)
				continue
			}
			id := a.object()["user_id"].(string)
			r.clock.pass(time.Second)
			q := "(" + c.query + `) AND user_id:"` + id + `"`
			found := len(r.want(200, "GET", "users?q="+url.QueryEscape(q), "").rows())
			if want := min(1, max(0, len(c.finds)-i)); found != want {
				t.Errorf("%s finds %d of %s, want %d", c.query, found, record, want)
			}
			r.want(204, "DELETE", "users/"+url.PathEscape(id), "")
		}
	}
	if tried < 40 {
		t.Errorf("only %d people were made", tried)
	}
}

// writable makes a body for POST /users of a record. It is not ok when the record has what cannot be written.
func writable(t *testing.T, record, email string) (body string, ok bool) {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(record), &m); err != nil {
		t.Fatal(err)
	}
	for k := range m {
		switch k {
		case "email", "name", "nickname", "user_metadata", "app_metadata", "blocked":
		default:
			return "", false
		}
	}
	if m["email"] == nil {
		m["email"] = email
	}
	if strings.Contains(m["email"].(string), " ") {
		return "", false
	}
	m["connection"], m["password"] = database, "long enough 1"
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw), true
}

// stated is a check of one of the collected cases about errors, paging and sorting, by the words that name the case.
type stated struct {
	is    string
	check func(r *rig)
}

// find asks the user search and gives the status and message.
func (r *rig) find(params string) (status int, message string) {
	r.Helper()
	a := r.api("GET", "users?"+params, "")
	message, _ = a.object()["message"].(string)
	return a.status, message
}

func (r *rig) refused(params, message string) {
	r.Helper()
	if status, got := r.find(params); status != http.StatusBadRequest || !strings.HasPrefix(got, message) {
		r.Errorf("users?%s: %d %q, want 400 %q", params, status, got, message)
	}
}

func statedCases() []stated {
	return []stated{
		{"bad query", func(r *rig) {
			a := r.want(400, "GET", "users?q="+url.QueryEscape(`name:"open`), "")
			if a.object()["errorCode"] != "invalid_query_string" {
				r.Errorf("a bad query: %s", a.raw)
			}
		}},
		{"page*per_page >= 1000", func(r *rig) {
			r.refused("page=10&per_page=100", "You can only page through the first 1000 records. See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation.")
		}},
		{"reported `total`", func(r *rig) {
			if total := r.want(200, "GET", "users?include_totals=true", "").object()["total"]; total != 1000.0 {
				r.Errorf("total among 1100: %v", total)
			}
		}},
		{"per_page > 100, < 0 / page < 0", func(r *rig) {
			for _, params := range []string{"per_page=101", "per_page=-1", "page=-1"} {
				r.refused(params, "Query validation error: ")
			}
		}},
		{"search_engine=v1", func(r *rig) {
			r.refused("search_engine=v1", "You are not allowed to use search_engine=v1.")
			r.refused("search_engine=v2", "You are not allowed to use search_engine=v2. Use search_engine=v3 instead.")
		}},
		{"q with search_engine v1", func(r *rig) {
			r.refused("search_engine=v1&q=name:a", "The 'q' parameter is available only if you specify 'search_engine=v2|v3'.")
		}},
		{"> 2 s", nil}, // no search of the local tenant takes that long; a fault gives the 503
		{"very long URL", func(r *rig) {
			if status, _ := r.find("q=" + strings.Repeat("a", 20_000)); status != http.StatusRequestURITooLong {
				r.Errorf("a query of 20,000 characters: %d", status)
			}
		}},
		{"log search, unknown field", func(r *rig) {
			a := r.want(400, "GET", "logs?q="+url.QueryEscape(`user_email:"a@example.com"`), "")
			if a.object()["message"] != `The search query string has an error: unknown field "user_email"` {
				r.Errorf("an unknown field: %s", a.raw)
			}
		}},
		{"unknown query parameter", func(r *rig) {
			r.refused("surprise=1", "Query validation error: 'Additional properties not allowed")
		}},
		{"`sort=created_at:1` / `email:-1` / `email_verified:1`", func(r *rig) {
			r.sorted("created_at", 1)
			r.sorted("email", -1)
			r.sorted("email_verified", 1)
		}},
		{"`sort=app_metadata.x:1`", func(r *rig) { r.refused("sort=app_metadata.x:1", "") }},
		{"`sort` ties", nil}, // says what is not promised
		{"primary_order=false", func(r *rig) { r.want(200, "GET", "users?primary_order=false", "") }},
		{"include_totals=true", func(r *rig) {
			body := r.want(200, "GET", "users?include_totals=true&per_page=3", "").object()
			if got := slices.Sorted(maps.Keys(body)); !slices.Equal(got, []string{"length", "limit", "start", "total", "users"}) {
				r.Errorf("keys with totals: %v", got)
			}
		}},
		{"fields + include_fields=false", func(r *rig) {
			row := r.want(200, "GET", "users/"+ada+"?fields=email,name&include_fields=false", "").object()
			if row["email"] != nil || row["name"] != nil || row["user_id"] == nil {
				r.Errorf("without email and name: %v", row)
			}
		}},
		{"eventual consistency", func(r *rig) {
			r.want(200, "PATCH", "users/"+ada, `{"nickname":"countess"}`)
			q := "users?q=nickname:countess"
			before := len(r.want(200, "GET", q, "").rows())
			now := r.want(200, "GET", "users/"+ada, "").object()["nickname"]
			r.clock.pass(time.Second)
			if after := len(r.want(200, "GET", q, "").rows()); before != 0 || after != 1 || now != "countess" {
				r.Errorf("found %d, then %d; read %v", before, after, now)
			}
		}},
		{"/users-by-email", func(r *rig) {
			lower := len(r.want(200, "GET", "users-by-email?email=ada@example.com", "").rows())
			upper := len(r.want(200, "GET", "users-by-email?email=Ada@example.com", "").rows())
			if lower != 1 || upper != 0 {
				r.Errorf("found %d in lower case and %d in upper", lower, upper)
			}
		}},
	}
}

// sorted checks the order of a page by one field.
func (r *rig) sorted(field string, sign int) {
	r.Helper()
	rows := r.want(200, "GET", fmt.Sprintf("users?sort=%s:%d&per_page=100&q=_exists_:%s", field, sign, field), "").rows()
	last := ""
	for i, row := range rows {
		value := fmt.Sprint(row.(map[string]any)[field])
		if i > 0 && strings.Compare(last, value)*sign > 0 {
			r.Errorf("by %s: %s comes before %s", field, last, value)
		}
		last = value
	}
	if len(rows) < 50 {
		r.Errorf("by %s: only %d rows", field, len(rows))
	}
}

func TestWhatIsStatedOfErrorsPagingAndSorting(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 1100})
	for _, s := range statedCases() {
		if s.check != nil {
			s.check(r)
		}
	}
}

// TestEveryCollectedCaseOfErrorsIsCovered fails on a collected case that statedCases lacks.
func TestEveryCollectedCaseOfErrorsIsCovered(t *testing.T) {
	t.Parallel()
	raw, err := sharedFile("cases", "user-search.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("SKIPPED: the collected search cases are not in %s; set USHER_SHARED to the folder that holds cases/", sharedFolder())
	}
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(raw), "\n## G.")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := 0
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, ""), "|")
		if len(cells) < 5 || strings.HasPrefix(cells[1], "-") || strings.TrimSpace(cells[1]) == "case" {
			continue
		}
		rows++
		is := strings.TrimSpace(cells[1])
		if !slices.ContainsFunc(statedCases(), func(s stated) bool { return s.is == is }) {
			t.Errorf("no check covers %q", is)
		}
	}
	if rows < 15 {
		t.Errorf("only %d cases were read: the file has another form", rows)
	}
}
