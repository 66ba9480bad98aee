package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"usher/auth0client/gateway/journal"
	"usher/config"
)

// openGatewayJournal opens a gateway's journal where its configuration keeps it.
func openGatewayJournal(ctx context.Context, c config.Gateway, env func(string) string, log *slog.Logger) (*journal.Journal, error) {
	dsn := ""
	if c.Journal.Postgres != "" {
		var err error
		if dsn, err = c.Journal.Postgres.Resolve(env); err != nil {
			return nil, fmt.Errorf("find the address of the journal's PostgreSQL: %w", err)
		}
	}
	o := journal.Options{Now: time.Now, MaxBytes: int64(c.Journal.RotateMB) << 20}
	if c.Journal.Syslog != "" {
		sink, err := journal.NewSyslog(c.Journal.Syslog, journal.SyslogOptions{Report: func(err error) { reportSyslog(log, err) }})
		if err != nil {
			return nil, err
		}
		o.Sinks = append(o.Sinks, sink)
	}
	j, err := openStore(ctx, c, dsn, o)
	if err != nil {
		for _, s := range o.Sinks {
			err = errors.Join(err, s.Close())
		}
		return nil, err
	}
	return j, nil
}

func openStore(ctx context.Context, c config.Gateway, dsn string, o journal.Options) (*journal.Journal, error) {
	if dsn == "" {
		return journal.Open(c.Journal.Dir, o)
	}
	if err := os.MkdirAll(c.Journal.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the journal's key: %w", err)
	}
	o.KeyFile = filepath.Join(c.Journal.Dir, "journal.key")
	return journal.OpenPostgres(ctx, dsn, c.Name, o)
}

func reportSyslog(log *slog.Logger, err error) {
	if err != nil {
		log.Error("the syslog does not take the journal's lines", "error", err.Error())
		return
	}
	log.Info("the syslog takes the journal's lines again")
}

// journalReady reports whether a change could be recorded.
func journalReady(ctx context.Context, j *journal.Journal, c config.GatewayJournal) error {
	if c.Postgres == "" {
		return writable(c.Dir)
	}
	if _, err := j.Approvals(ctx); err != nil {
		return fmt.Errorf("the journal's PostgreSQL does not answer: %w", err)
	}
	return nil
}

// writable reports whether the disk of a folder takes another block.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".ready-*")
	if err != nil {
		return fmt.Errorf("the journal's folder takes no file: %w", err)
	}
	_, err = f.Write(make([]byte, 4096))
	if err = errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name())); err != nil {
		return fmt.Errorf("the journal's disk takes no more: %w", err)
	}
	return nil
}
