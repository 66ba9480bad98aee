package auth0client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/auth0/go-auth0/v3/management"

	"usher/auth0client/term"
)

// JobID is a job's exact id ("job_…").
type JobID string

// Job is work that Auth0 does on its own time.
type Job struct {
	ID        JobID
	Kind      term.Safe // verification_email, users_import, users_export
	Status    term.Safe // pending, processing, completed, failed
	CreatedAt time.Time
	Percent   int
	Left      time.Duration
	// Total, Inserted, Updated and Failed are an import's summary.
	Total, Inserted, Updated, Failed int
	Location                         Secret // of an export's file; good for a minute
}

// Done reports that the job has ended, well or not.
func (j Job) Done() bool { return j.Status.String() == "completed" || j.Status.String() == "failed" }

// Failure is a row that an import refused.
type Failure struct {
	User    term.Safe // the row, as JSON
	Reasons []term.Safe
}

type jobJSON struct {
	ID        text   `json:"id"`
	Type      text   `json:"type"`
	Status    text   `json:"status"`
	CreatedAt moment `json:"created_at"`
	Percent   number `json:"percentage_done"`
	Left      number `json:"time_left_seconds"`
	Location  text   `json:"location"`
	Summary   struct {
		Total    number `json:"total"`
		Inserted number `json:"inserted"`
		Updated  number `json:"updated"`
		Failed   number `json:"failed"`
	} `json:"summary"`
}

func decodeJob(body []byte) (Job, error) {
	var j jobJSON
	if err := json.Unmarshal(body, &j); err != nil {
		return Job{}, badAnswer(err)
	}
	return Job{ID: JobID(j.ID), Kind: j.Type.line(), Status: j.Status.line(), CreatedAt: j.CreatedAt.Time, Percent: int(j.Percent),
		Left: time.Duration(j.Left) * time.Second, Total: int(j.Summary.Total), Inserted: int(j.Summary.Inserted),
		Updated: int(j.Summary.Updated), Failed: int(j.Summary.Failed), Location: NewSecret(string(j.Location))}, nil
}

// decodeBegun reads the answer to what begins a job: one that names none tells nothing of whether it was begun.
func decodeBegun(body []byte, what string) (Job, error) {
	j, err := decodeJob(body)
	if err == nil && j.ID == "" {
		err = badAnswer(errors.New("it has no id"))
	}
	if err != nil {
		return Job{}, fmt.Errorf("%s: %w", what, &Unknown{Err: err})
	}
	return j, nil
}

// Job reads how far a job is.
func (c *Client) Job(ctx context.Context, id JobID) (Job, error) {
	body, err := c.read(ctx, "read the job", func(ctx context.Context) error {
		_, err := c.jobs.Get(ctx, string(id))
		return err
	}, string(id))
	if err != nil {
		return Job{}, err
	}
	return decodeJob(body)
}

// JobFailures reads the rows that an import refused.
func (c *Client) JobFailures(ctx context.Context, id JobID) ([]Failure, error) {
	body, err := c.read(ctx, "read the import's errors", func(ctx context.Context) error {
		_, err := c.jobs.Errors.Get(ctx, string(id))
		return err
	}, string(id))
	if err != nil {
		return nil, err
	}
	type failureJSON struct {
		User   json.RawMessage `json:"user"`
		Errors []struct {
			Code    text `json:"code"`
			Message text `json:"message"`
		} `json:"errors"`
	}
	return rows(body, func(f failureJSON) Failure {
		out := Failure{User: term.Line(string(f.User))}
		for _, e := range f.Errors {
			out.Reasons = append(out.Reasons, term.Line(string(e.Code)+": "+string(e.Message)))
		}
		return out
	})
}

// Import is a file of users for Auth0 to load.
type Import struct {
	Users      io.Reader // a JSON array in Auth0's import format, at most 500 KB
	Connection string    // id
	Upsert     bool      // change those who exist; their metadata is replaced, not merged
	External   string    // an id of the caller's own, shown with the job
}

// ImportUsers starts an import. Auth0 runs two at a time for a tenant.
func (c *Client) ImportUsers(ctx context.Context, i Import) (Job, error) {
	body, err := c.write(ctx, "start the import", func(ctx context.Context) error {
		_, err := c.jobs.UsersImports.Create(ctx, &management.CreateImportUsersRequestContent{Users: i.Users, ConnectionID: i.Connection,
			Upsert: ptr(i.Upsert), ExternalID: ptr(i.External), SendCompletionEmail: ptr(false)})
		return err
	})
	if err != nil {
		return Job{}, err
	}
	return decodeBegun(body, "start the import")
}

// Export is what users to write into a file.
type Export struct {
	Connection string   // id; empty for all
	CSV        bool     // else one JSON object a line
	Limit      int      // 0 for all
	Fields     []string // empty for Auth0's default
}

// ExportUsers starts an export. Its job has the file's address when it is done.
func (c *Client) ExportUsers(ctx context.Context, e Export) (Job, error) {
	req := &management.CreateExportUsersRequestContent{Format: management.JobFileFormatEnumJSON.Ptr()}
	if e.CSV {
		req.Format = management.JobFileFormatEnumCsv.Ptr()
	}
	if e.Connection != "" {
		req.ConnectionID = ptr(e.Connection)
	}
	if e.Limit > 0 {
		req.Limit = ptr(e.Limit)
	}
	for _, f := range e.Fields {
		req.Fields = append(req.Fields, &management.CreateExportUsersFields{Name: f})
	}
	body, err := c.write(ctx, "start the export", func(ctx context.Context) error {
		_, err := c.jobs.UsersExports.Create(ctx, req)
		return err
	})
	if err != nil {
		return Job{}, err
	}
	return decodeBegun(body, "start the export")
}
