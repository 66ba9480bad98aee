package users

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
)

// mostExported bounds an export from the screen: it is made in memory.
const mostExported = 50_000

// exported is what became of an export.
type exported struct {
	path  string
	users int
	err   error
	why   string
}

func (e exported) words() string {
	switch {
	case e.err != nil:
		return "Nothing was exported: " + e.why
	case e.users >= mostExported:
		return fmt.Sprintf("The first %d users are in %s", e.users, oneLine(e.path))
	}
	return fmt.Sprintf("%d users are in %s", e.users, oneLine(e.path))
}

// encoder writes records to a file of one kind.
type encoder func(names []string, records [][]string) ([]byte, error)

// openExport asks what to export, and how.
func (m *Model) openExport() {
	loaded := fmt.Sprintf("the %d that are loaded", m.count())
	if n := len(m.selected); n > 0 {
		loaded = fmt.Sprintf("the %d that are selected", n)
	}
	everybody := "everybody found, read page by page"
	m.panel = &panel{title: "Export to a file", options: func(string) []option {
		return []option{
			{label: "CSV", detail: loaded, do: func() (view.Action, tea.Cmd) { return nil, m.exportHere("csv", asCSV) }},
			{label: "JSON Lines", detail: loaded, do: func() (view.Action, tea.Cmd) { return nil, m.exportHere("jsonl", asJSONLines) }},
			{label: "CSV of all", detail: everybody, do: func() (view.Action, tea.Cmd) { return nil, m.exportAll("csv", asCSV) }},
			{label: "JSON Lines of all", detail: everybody, do: func() (view.Action, tea.Cmd) { return nil, m.exportAll("jsonl", asJSONLines) }},
		}
	}}
}

func (m *Model) exportHere(ext string, encode encoder) tea.Cmd {
	var records [][]string
	for i := range m.count() {
		if _, on := m.selected[m.at(i).ID]; on || len(m.selected) == 0 {
			records = append(records, record(m.at(i)))
		}
	}
	if n := len(m.selected); n > len(records) { // some are of another search
		records = nil
		for _, u := range m.chosen() {
			records = append(records, record(m.rowOf(u)))
		}
	}
	id, write := m.env.ID, m.writer(ext, encode)
	return func() tea.Msg { return view.Result{To: id, Msg: write(records)} }
}

func (m *Model) exportAll(ext string, encode encoder) tea.Cmd {
	ctx := auth0client.WithPriority(m.env.Ctx, auth0client.PriorityBulk)
	f, tenant, id, now, write, rowOf := m.finding(), m.tenant, m.env.ID, m.env.Now, m.writer(ext, encode), m.rowOf
	m.note = "Exporting; the list goes on working."
	return func() tea.Msg {
		var records [][]string
		err := tenant.Everybody(ctx, f, mostExported, func(us []auth0client.User) {
			for _, u := range us {
				records = append(records, record(rowOf(u)))
			}
		})
		if err != nil {
			return view.Result{To: id, Msg: exported{err: err, why: view.Explain(now(), err).String()}}
		}
		return view.Result{To: id, Msg: write(records)}
	}
}

// writer makes a file of records and keeps it.
func (m *Model) writer(ext string, encode encoder) func([][]string) exported {
	names := []string{"user_id", "email", "email_verified", "name", "nickname", "username", "phone_number", "blocked", "connection", "logins_count", "last_login", "created_at"}
	for _, f := range m.o.Fields {
		names = append(names, f.Path)
	}
	file, save := "users-"+m.env.Now().UTC().Format("20060102-150405")+"."+ext, m.o.Save
	return func(records [][]string) exported {
		content, err := encode(names, records)
		if err != nil {
			return exported{err: err, why: oneLine(err.Error())}
		}
		path, err := save(file, content)
		if err != nil {
			return exported{err: err, why: oneLine(err.Error())}
		}
		return exported{path: path, users: len(records)}
	}
}

func record(r row) []string {
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	return append([]string{string(r.ID), r.EmailRaw, strconv.FormatBool(r.EmailVerified), r.Name.String(), r.Nickname.String(), r.Username.String(), r.Phone.String(),
		strconv.FormatBool(r.Blocked), r.Connection().String(), strconv.Itoa(r.Logins), when(r.LastLogin), when(r.CreatedAt)}, r.extra...)
}

func asJSONLines(names []string, records [][]string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, rec := range records {
		object := make(map[string]any, len(names))
		for i, n := range names {
			object[n] = rec[i]
			switch n {
			case "email_verified", "blocked":
				object[n] = rec[i] == "true"
			case "logins_count":
				object[n] = json.Number(rec[i])
			}
		}
		if err := enc.Encode(object); err != nil {
			return nil, fmt.Errorf("encode a user: %w", err)
		}
	}
	return b.Bytes(), nil
}

func asCSV(names []string, records [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, rec := range append([][]string{names}, records...) {
		cells := make([]string, len(rec))
		for i, c := range rec {
			cells[i] = term.Cell(c)
		}
		if err := w.Write(cells); err != nil {
			return nil, fmt.Errorf("write a row: %w", err)
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}
