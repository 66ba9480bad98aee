package localtenant

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	exportPath     = "/exports/"
	exportFor      = 60 * time.Second // how long a location can be used
	maxCSVFields   = 30
	defaultColumns = "user_id email email_verified username phone_number given_name family_name name nickname picture created_at updated_at " +
		"last_login logins_count"
)

// exportField is one attribute of an export, by a path such as "identities[0].connection", and its name there.
type exportField struct{ Name, As string }

func exportBody() shape {
	field := anObject(fields{"name": aText(0, 100), "export_as": aText(0, 100)}, "name")
	return anObject(fields{"connection_id": aText().matching(jobConShape), "format": aChoice("json", "csv"), "limit": aNumber(1, -1), "fields": aList(field)})
}

func fieldRows(list []exportField) []any {
	rows := []any{}
	for _, f := range list {
		row := map[string]any{"name": f.Name}
		if f.As != "" {
			row["export_as"] = f.As
		}
		rows = append(rows, row)
	}
	return rows
}

func exportUsers(c *call) reply {
	j := &job{Type: jobExport, ConnectionID: c.text("connection_id"), Format: c.text("format"), Limit: whole64(c.body["limit"], 0)}
	if j.Format == "" {
		j.Format = "json"
	}
	if j.ConnectionID != "" {
		cn := c.connections.at(j.ConnectionID)
		if cn == nil {
			return badRequest("The connection does not exist.", "inexistent_connection")
		}
		j.Connection = cn.Name
	}
	list, _ := c.body["fields"].([]any)
	for _, v := range list {
		f := exportField{}
		f.Name, _ = dig(v, "name").(string)
		f.As, _ = dig(v, "export_as").(string)
		if j.Format == "csv" && (f.Name == "user_metadata" || f.Name == "app_metadata") {
			return badRequest("Exporting the entire "+f.Name+" object is not supported in CSV format.", "invalid_body")
		}
		j.Fields = append(j.Fields, f)
	}
	if j.Format == "csv" && len(j.Fields) > maxCSVFields {
		return badRequest(fmt.Sprintf("Payload validation error: 'Array is too long (%d), maximum %d' on property fields.", len(j.Fields), maxCSVFields),
			"invalid_body")
	}
	return ok(c.begin(j))
}

// exportLocation is where the file of a finished export can be fetched for a minute, without a token.
func (t *Tenant) exportLocation(j *job) string {
	until := strconv.FormatInt(t.now().Add(exportFor).Unix(), 10)
	name := j.ID + "." + j.Format + ".gz"
	return t.base + exportPath + name + "?Expires=" + until + "&Signature=" + t.signature(name, until)
}

func (t *Tenant) signature(name, until string) string {
	mac := hmac.New(sha256.New, t.exportKey)
	mac.Write([]byte(name + " " + until)) //nolint:errcheck // a hash never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// download sends an export to whoever has its location. The users are written without the tenant's lock: a record that
// changes is replaced, never changed in place.
func (t *Tenant) download(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, exportPath)
	until := r.URL.Query().Get("Expires")
	seconds, err := strconv.ParseInt(until, 10, 64)
	t.mu.Lock()
	now := t.now()
	signed := hmac.Equal([]byte(t.signature(name, until)), []byte(r.URL.Query().Get("Signature")))
	id, _, _ := strings.Cut(name, ".")
	j := t.jobs.at(id)
	var people []*user
	factors := map[string][]string{}
	if signed && err == nil && !now.After(time.Unix(seconds, 0)) && j != nil {
		people, factors = t.exported(j)
	}
	t.mu.Unlock()
	if people == nil {
		http.Error(w, "Request has expired", http.StatusForbidden)
		return
	}
	w.Header().Set("Content-Type", "application/gzip")
	out := gzip.NewWriter(w)
	buffered := bufio.NewWriter(out)
	if err := writeExport(buffered, j, people, factors); err == nil {
		buffered.Flush() //nolint:errcheck // the client is gone: nobody is left to tell
		out.Close()      //nolint:errcheck // likewise
	}
}

// exported are the users of an export, with what their records do not hold.
func (t *Tenant) exported(j *job) (people []*user, factors map[string][]string) {
	people, factors = []*user{}, map[string][]string{}
	multifactor := slices.ContainsFunc(j.Fields, func(f exportField) bool { return strings.HasPrefix(f.Name, "multifactor") })
	for id, u := range t.users.all() {
		if j.Connection != "" && u.connection() != j.Connection {
			continue
		}
		if people = append(people, u); multifactor {
			factors[id] = t.multifactor(id)
		}
		if j.Limit > 0 && len(people) == j.Limit {
			break
		}
	}
	return people, factors
}

func writeExport(w io.Writer, j *job, people []*user, factors map[string][]string) error {
	columns := j.Fields
	if len(columns) == 0 && j.Format == "csv" {
		for name := range strings.FieldsSeq(defaultColumns) {
			columns = append(columns, exportField{Name: name})
		}
	}
	if j.Format == "csv" {
		return writeCSV(w, columns, people, factors)
	}
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for _, u := range people {
		row := u.json(nil, true)
		if len(columns) > 0 {
			whole := exportRecord(u, factors)
			row = map[string]any{}
			for _, f := range columns {
				if v := pathValue(whole, f.Name); v != nil {
					row[f.heading()] = v
				}
			}
		}
		if err := lines.Encode(row); err != nil {
			return err
		}
	}
	return nil
}

func (f exportField) heading() string {
	if f.As != "" {
		return f.As
	}
	return f.Name
}

// exportRecord is a user with everything an export can have.
func exportRecord(u *user, factors map[string][]string) map[string]any {
	out := u.json(nil, true)
	if kinds := factors[u.ID]; len(kinds) > 0 {
		list := make([]any, len(kinds))
		for i, k := range kinds {
			list[i] = k
		}
		out["multifactor"] = list
	}
	return out
}

// writeCSV writes a line per user. Texts begin with a quote, so that no program takes one for a formula.
func writeCSV(w io.Writer, columns []exportField, people []*user, factors map[string][]string) error {
	out := csv.NewWriter(w)
	line := make([]string, len(columns))
	for i, f := range columns {
		line[i] = f.heading()
	}
	if err := out.Write(line); err != nil {
		return err
	}
	for _, u := range people {
		whole := exportRecord(u, factors)
		for i, f := range columns {
			line[i] = cell(pathValue(whole, f.Name))
		}
		if err := out.Write(line); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return "'" + v
	case map[string]any, []any:
		var b bytes.Buffer
		if err := json.NewEncoder(&b).Encode(v); err != nil {
			return ""
		}
		return "'" + strings.TrimSpace(b.String())
	}
	return fmt.Sprint(v)
}

// pathValue is what a path such as "identities[0].connection" leads to; nil when nowhere.
func pathValue(v any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		name, rest, _ := strings.Cut(step, "[")
		m, isObject := v.(map[string]any)
		if !isObject {
			return nil
		}
		v = m[name]
		for rest != "" {
			digits, more, closed := strings.Cut(rest, "]")
			i, err := strconv.Atoi(digits)
			list, isList := v.([]any)
			if !closed || err != nil || !isList || i < 0 || i >= len(list) {
				return nil
			}
			v, rest = list[i], strings.TrimPrefix(more, "[")
		}
	}
	return v
}
