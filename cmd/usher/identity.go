package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/charmbracelet/x/term"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
	"usher/auth0client/signin/tokenstore"
	"usher/config"
)

// identity is how a profile's operator signs in, and where that is kept.
type identity struct {
	issuer, clientID, audience string
	scopes                     []string
	store                      *tokenstore.Store // nil: in memory
	keysFile                   string            // the tenant's keys between runs; empty: in memory
}

// signIn is an identity's client, with the tenant's keys that the gateway of this process shares.
type signIn struct {
	client *signin.Client
	keys   *signin.Keys
	polls  *pollWatch
}

// open makes the client. It sends nothing and reads no store yet.
func (i identity) open() (signIn, error) {
	keys := signin.NewKeys(signin.KeysConfig{Issuer: i.issuer, Now: time.Now, Cache: i.keysFile})
	polls := &pollWatch{next: http.DefaultTransport, now: time.Now}
	c := signin.Config{
		Issuer: i.issuer, ClientID: i.clientID, Audience: i.audience, Scopes: i.scopes, Want: wanted(), Now: time.Now, Keys: keys,
		HTTP: polls.client(),
	}
	if i.store != nil {
		c.Store = i.store
	}
	client, err := signin.New(c)
	if err != nil {
		keys.Close()
		return signIn{}, fmt.Errorf("prepare the sign-in: %w", err)
	}
	return signIn{client, keys, polls}, nil
}

func (s signIn) close() {
	s.client.Close()
	s.keys.Close()
}

// wanted are all of usher's permissions: which of them are missing is what an operator may not do.
func wanted() []string {
	var names []string
	for _, a := range policy.Actions() {
		names = append(names, string(a))
	}
	return names
}

// loadProfile reads the profile that the flags and the environment name.
func loadProfile(f *consoleFlags) (config.Profile, error) {
	p, err := config.Load(config.Options{File: f.config, Profile: f.profile, Env: os.Getenv})
	if err != nil {
		return config.Profile{}, usageError{err}
	}
	return p, nil
}

// identityOf is a profile's identity. What kept the sign-in last is asked for its passphrase here, before a console
// draws: a script gives it in USHER_TOKEN_PASSPHRASE.
func identityOf(ctx context.Context, p config.Profile) (identity, error) {
	return identityWith(p, func(o tokenstore.Options) (passphraseFrom, error) { return passphrase(ctx, o) })
}

// passphraseFrom gives the encrypted file's passphrase; nil: there is none.
type passphraseFrom = func(context.Context, bool) (signin.Secret, error)

// identityWith is a profile's identity, whose passphrase comes from where the caller says.
func identityWith(p config.Profile, from func(tokenstore.Options) (passphraseFrom, error)) (identity, error) {
	issuer, err := p.IssuerURL()
	if err != nil {
		return identity{}, usageError{err}
	}
	dir, err := profileDir(p.Name)
	if err != nil {
		return identity{}, err
	}
	dir = filepath.Join(dir, "signin")
	kind, err := tokenstore.ParseKind(p.TokenStore)
	if err != nil {
		return identity{}, usageError{err}
	}
	o := tokenstore.Options{
		Dir: dir, Account: fmt.Sprintf("%s %s %s", p.Name, issuer, p.ClientID), Want: kind, Identity: p.TokenIdentity, Now: time.Now,
	}
	if o.Passphrase, err = from(o); err != nil {
		return identity{}, err
	}
	return identity{
		issuer: issuer.String(), clientID: p.ClientID, audience: p.Audience, scopes: p.Scopes,
		store: tokenstore.New(o), keysFile: filepath.Join(dir, "keys.json"),
	}, nil
}

// profileDir is a profile's folder, with its journal and its sign-in.
func profileDir(name string) (string, error) {
	state, err := config.StateDir(os.Getenv)
	if err != nil {
		return "", err
	}
	return filepath.Join(state, name), nil
}

// passphrase is where the encrypted file's passphrase comes from: the environment, or the operator where the file is
// wanted and there is a terminal. Nil: nowhere.
func passphrase(ctx context.Context, o tokenstore.Options) (passphraseFrom, error) {
	if from := givenPassphrase(); from != nil {
		return from, nil
	}
	wanted := o.Want == tokenstore.File || o.Want == "" && tokenstore.Remembered(o.Dir) == tokenstore.File
	if o.Identity != "" || !wanted || !term.IsTerminal(os.Stdin.Fd()) || !term.IsTerminal(os.Stderr.Fd()) {
		return nil, nil
	}
	p, err := askPassphrase(ctx, tokenstore.Remembered(o.Dir) != tokenstore.File)
	if err != nil {
		return nil, err
	}
	return func(context.Context, bool) (signin.Secret, error) { return p, nil }, nil
}

// givenPassphrase is the environment's.
func givenPassphrase() passphraseFrom {
	p := signin.Secret(os.Getenv("USHER_TOKEN_PASSPHRASE"))
	if p == "" {
		return nil
	}
	return func(context.Context, bool) (signin.Secret, error) { return p, nil }
}

// askPassphrase asks at the terminal, without showing what is typed; a new one twice.
func askPassphrase(ctx context.Context, fresh bool) (signin.Secret, error) {
	if !fresh {
		text, err := askHidden(ctx, os.Stdin.Fd(), os.Stderr, "Passphrase of the kept sign-in: ")
		return signin.Secret(text), err
	}
	text, err := askHiddenTwice(ctx, os.Stdin.Fd(), os.Stderr, "New passphrase, to keep the sign-in: ")
	return signin.Secret(text), err
}

// askHiddenTwice asks for something new, and for the same again: nobody sees a slip.
func askHiddenTwice(ctx context.Context, terminal uintptr, errs io.Writer, question string) (string, error) {
	one, err := askHidden(ctx, terminal, errs, question)
	if err != nil {
		return "", err
	}
	two, err := askHidden(ctx, terminal, errs, "The same again: ")
	if err != nil {
		return "", err
	}
	if one != two {
		return "", errors.New("the two differ: nothing was done")
	}
	return one, nil
}

// askHidden asks at a terminal, without showing what is typed. The terminal is as it was afterwards, whatever happens.
func askHidden(ctx context.Context, terminal uintptr, errs io.Writer, question string) (string, error) {
	ctx, stop := notifyInterrupt(ctx) // which would end the program while the terminal shows nothing that is typed
	defer stop()
	fmt.Fprint(errs, question)
	defer fmt.Fprintln(errs)
	state, err := term.GetState(terminal)
	if err != nil {
		return "", fmt.Errorf("ask at the terminal: %w", err)
	}
	type answer struct {
		text []byte
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(terminal)
		typed <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(terminal, state))
	case a := <-typed:
		if a.err != nil {
			return "", fmt.Errorf("ask at the terminal: %w", a.err)
		}
		return string(a.text), nil
	}
}
