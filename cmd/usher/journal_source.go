package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"usher/auth0client/gateway/journal"
	"usher/config"
)

type journalLines = iter.Seq2[journal.Line, error]

// journalSource is where a journal is read from.
type journalSource interface {
	Lines(ctx context.Context) journalLines
	Follow(ctx context.Context, tick <-chan time.Time) journalLines
	Verify(ctx context.Context, gateway string, o journal.VerifyOptions) ([]journal.Report, error)
	Close()
}

// journalFlags say which journal is meant.
type journalFlags struct {
	dir, profile, dsn string
	console           *consoleFlags // name the profile where --of does not
}

func (f *journalFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.dir, "dir", "", "the journal's `FOLDER` (default: the profile's)")
	flags.StringVar(&f.profile, "of", "", "the journal of this `PROFILE`")
	flags.StringVar(&f.dsn, "dsn", "", "a journal in PostgreSQL; `WHERE` names the place of its address: env:NAME or file:PATH")
}

func (f *journalFlags) open(ctx context.Context) (journalSource, error) {
	if f.dsn != "" {
		return f.openDatabase(ctx)
	}
	if f.dir != "" {
		return folderSource(f.dir), nil
	}
	name := f.profile
	if name == "" {
		p, err := loadProfile(f.console)
		if err != nil {
			return nil, err
		}
		if p.Gateway != "" {
			return nil, usagef("profile %q works through a gateway, which keeps the journal: name it with --dir FOLDER or --dsn env:NAME there", p.Name)
		}
		name = p.Name
	}
	dir, err := profileDir(name)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the profile %s has no journal on this machine, where it would be in %s: nothing was done with it here, or the name is another's", name, dir)
	}
	return folderSource(dir), nil
}

func (f *journalFlags) openDatabase(ctx context.Context) (journalSource, error) {
	kind, _, ok := strings.Cut(f.dsn, ":")
	if !ok || kind != "env" && kind != "file" { // not quoted: it may be an address with its password
		return nil, usagef("--dsn says where the address is, as env:NAME or file:PATH; the address itself does not belong on the command line")
	}
	dsn, err := config.Reference(f.dsn).Resolve(os.Getenv)
	if err != nil {
		return nil, fmt.Errorf("find the address of the journal's PostgreSQL: %w", err)
	}
	db, err := journal.OpenDatabase(ctx, dsn)
	if err != nil {
		return nil, err
	}
	return databaseSource{db}, nil
}

type folderSource string

func (d folderSource) Lines(ctx context.Context) journalLines { return journal.Lines(ctx, string(d)) }

func (d folderSource) Follow(ctx context.Context, tick <-chan time.Time) journalLines {
	return journal.Follow(ctx, string(d), 0, tick)
}

func (d folderSource) Verify(_ context.Context, gateway string, o journal.VerifyOptions) ([]journal.Report, error) {
	if gateway != "" {
		return nil, usagef("--gateway is for a journal in PostgreSQL")
	}
	rep, err := journal.VerifyFiles(string(d), o)
	return []journal.Report{rep}, err
}

func (d folderSource) Close() {}

type databaseSource struct{ *journal.Database }

func (d databaseSource) Follow(ctx context.Context, tick <-chan time.Time) journalLines {
	return journal.FollowDatabase(ctx, d.Database, nil, tick)
}
