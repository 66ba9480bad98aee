package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"usher/auth0client/gateway"
	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/term"
	"usher/config"
)

// checkGateway reads all that a gateway would and prints a line about each part. It asks nobody over the network.
func checkGateway(out io.Writer, path string, env func(string) string) error {
	c, data, err := config.ReadGateway(path)
	if err != nil {
		return usageError{err}
	}
	failed := false
	for _, part := range []struct {
		name string
		look func() (string, error)
	}{
		{"configuration", func() (string, error) { return path, nil }},
		{"tenant", func() (string, error) {
			issuer, err := c.IssuerURL()
			return fmt.Sprintf("%s for %s", issuer, c.Tenant.Audience), err
		}},
		{"listen", func() (string, error) { return describeListen(c) }},
		{"certificate", func() (string, error) { return describeCertificate(c) }},
		{"credential", func() (string, error) {
			_, err := gatewayCredential(c, env)
			return "client " + c.Management.ClientID, err
		}},
		{"journal", func() (string, error) { return describeJournal(c, env) }},
		{"policies", func() (string, error) {
			set, err := policy.Load(data, path)
			if err == nil && set.Len() == 0 {
				return "none: permissions alone decide", nil
			}
			return fmt.Sprintf("%d", set.Len()), err
		}},
	} {
		says, err := part.look()
		verdict := "ok"
		if err != nil {
			verdict, says, failed = "FAILED", err.Error(), true
		}
		fmt.Fprintf(out, "%-14s %-6s  %s\n", part.name, verdict, term.Line(says))
	}
	if failed {
		return usagef("%s cannot be used as it is", path)
	}
	return nil
}

func describeListen(c config.Gateway) (string, error) {
	says := c.Listen
	if c.InsecureHTTP {
		says += ", plain HTTP for a proxy on this machine"
	}
	if len(c.TrustedProxies) > 0 {
		says += fmt.Sprintf(", behind %v", c.TrustedProxies)
	}
	if c.Metrics.Listen != "" {
		says += ", metrics at " + c.Metrics.Listen
	}
	return says, nil
}

func describeCertificate(c config.Gateway) (string, error) {
	if c.InsecureHTTP {
		return "none", nil
	}
	pair, err := gateway.LoadCertificates(c.TLS.Certificate, c.TLS.Key, time.Now)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("for %v until %s", pair.Names(), pair.Ends().Format(time.DateOnly)), nil
}

// describeJournal looks at the folder without opening the journal: the gateway that is checked may be running.
func describeJournal(c config.Gateway, env func(string) string) (string, error) {
	says := c.Journal.Dir
	if c.Journal.Postgres != "" {
		if _, err := c.Journal.Postgres.Resolve(env); err != nil {
			return "", err
		}
		says += ", lines in PostgreSQL as " + c.Name
	}
	if c.Journal.Syslog != "" {
		sink, err := journal.NewSyslog(c.Journal.Syslog, journal.SyslogOptions{})
		if err != nil {
			return "", err
		}
		if err := sink.Close(); err != nil {
			return "", err
		}
		says += ", copied to " + c.Journal.Syslog
	}
	info, err := os.Stat(c.Journal.Dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		parent := filepath.Dir(c.Journal.Dir)
		if err := writable(parent); err != nil {
			return "", err
		}
		return says + " (will be made)", nil
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", fmt.Errorf("%s is not a folder", c.Journal.Dir)
	}
	return says, writable(c.Journal.Dir)
}
