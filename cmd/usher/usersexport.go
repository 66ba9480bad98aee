package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"usher/auth0client"
	"usher/auth0client/term"
)

type exportFlags struct {
	format, connection, output, reason string
	limit                              int
	fields                             []string
}

func newUsersExport(console *consoleFlags) *cobra.Command {
	f := &exportFlags{}
	cmd := &cobra.Command{
		Use: "export", Short: "Have Auth0 write all users into a file, and fetch it", Args: cobra.NoArgs,
		Long: "Auth0 writes the file on its own time; it is fetched when it is done. json is one JSON object a line. Some fields are\n" +
			"in exports only, such as multifactor and last_password_reset. csv takes 30 fields at most, and no metadata as a whole.",
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, console) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "json", "`FORMAT`: json or csv")
	flags.StringVar(&f.connection, "connection", "", "only users of this connection (`NAME`)")
	flags.IntVar(&f.limit, "limit", 0, "`N` users at most (0: all)")
	flags.StringSliceVar(&f.fields, "fields", nil, "which `FIELDS`, by Auth0's names, as in user_id,email,app_metadata.plan")
	flags.StringVarP(&f.output, "output", "o", "", "write into `FILE`, for its owner only (default: standard output)")
	flags.StringVar(&f.reason, "reason", "", "`WHY`, for the journal")
	return cmd
}

// jobPoll is how often an export is asked after.
const jobPoll = time.Second

func (f *exportFlags) run(cmd *cobra.Command, console *consoleFlags) (err error) {
	if f.format != "json" && f.format != "csv" {
		return usagef("--format %q: choose json or csv", f.format)
	}
	if f.limit < 0 || f.format == "csv" && len(f.fields) > 30 {
		return usagef("--limit cannot be negative, and a csv has 30 fields at most")
	}
	ctx, stop := notifyInterrupt(cmd.Context())
	defer stop()
	w, _, err := openSignedIn(ctx, console)
	if err != nil {
		return err
	}
	defer w.closeInto(&err)
	e := auth0client.Export{CSV: f.format == "csv", Limit: f.limit, Fields: f.fields}
	if f.connection != "" {
		if e.Connection, err = connectionID(ctx, w.client, f.connection); err != nil {
			return tell("export", err)
		}
	}
	if f.reason != "" {
		ctx = auth0client.WithReason(ctx, f.reason)
	}
	job, err := w.client.ExportUsers(ctx, e)
	if err != nil {
		return tell("export", err)
	}
	if job, err = waitJob(ctx, w.client, job); err != nil {
		return tell("export", err)
	}
	if job.Status.String() != "completed" || job.Location.IsEmpty() {
		return fmt.Errorf("the export %s has failed at Auth0", term.Line(string(job.ID)))
	}
	out := cmd.OutOrStdout()
	if f.output != "" {
		return downloadTo(ctx, job.Location, f.output)
	}
	return download(ctx, job.Location, out)
}

func connectionID(ctx context.Context, c *auth0client.Client, name string) (string, error) {
	all, err := c.Connections(ctx)
	if err != nil {
		return "", err
	}
	for _, one := range all {
		if one.Name == name {
			return one.ID, nil
		}
	}
	return "", &auth0client.NotFound{Answer: auth0client.Answer{Message: term.Line("there is no connection " + name)}}
}

// waitJob asks after a job until it is done.
func waitJob(ctx context.Context, c *auth0client.Client, job auth0client.Job) (auth0client.Job, error) {
	tick := time.NewTicker(jobPoll)
	defer tick.Stop()
	for !job.Done() {
		select {
		case <-ctx.Done():
			return job, fmt.Errorf("broken off; Auth0 goes on with the export %s", term.Line(string(job.ID)))
		case <-tick.C:
		}
		var err error
		if job, err = c.Job(ctx, job.ID); err != nil {
			return job, err
		}
	}
	return job, nil
}

// downloadTo fetches a finished file into another, for its owner only and whole or not at all: part of the users would be
// taken for all of them. What is no plain file, such as a pipe, is written to as it is.
func downloadTo(ctx context.Context, location auth0client.Secret, path string) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
		if err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
		return errors.Join(download(ctx, location, file), file.Close())
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".usher-export-*")
	if err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // gone already once renamed
	if err := errors.Join(download(ctx, location, file), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}

// download fetches a finished file. Its address is a secret, and proves itself: no token goes along.
func download(ctx context.Context, location auth0client.Secret, out io.Writer) error {
	failed := func(what string) error { return errors.New("the file of the export cannot be fetched: " + what) }
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location.Reveal(), http.NoBody)
	if err != nil {
		return failed("its address is none")
	}
	res, err := (&http.Client{Timeout: time.Hour}).Do(req)
	if err != nil {
		return failed("no answer came")
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	if res.StatusCode != http.StatusOK {
		return failed(fmt.Sprintf("HTTP %d", res.StatusCode))
	}
	body := io.Reader(res.Body)
	if strings.Contains(res.Header.Get("Content-Type"), "gzip") || strings.HasSuffix(req.URL.Path, ".gz") {
		if body, err = gzip.NewReader(res.Body); err != nil {
			return failed("it is no gzip file")
		}
	}
	if _, err := io.Copy(out, body); err != nil { //nolint:gosec // the tenant's own users, as large as they are
		return failed("it ended too early")
	}
	return nil
}
