package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// watchEvery is how often the certificate's files are looked at: certificates are renewed by programs that tell nobody.
const watchEvery = 30 * time.Second

// expiresSoon is when a certificate's end is worth a warning.
const expiresSoon = 14 * 24 * time.Hour

// Certificates is a server's certificate and key, read anew when their files change. It is safe for concurrent use.
type Certificates struct {
	cert, key string
	now       func() time.Time

	mu      sync.RWMutex
	current *tls.Certificate
	files   []byte // as read last, good or not: the same files are not complained about twice
}

// LoadCertificates reads a certificate chain and its key, both PEM. A key that anybody may read is refused.
func LoadCertificates(cert, key string, now func() time.Time) (*Certificates, error) {
	if now == nil {
		now = time.Now
	}
	c := &Certificates{cert: cert, key: key, now: now}
	if _, err := c.Reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// Reload reads the files. It reports whether they hold another pair than before; a pair that cannot be used leaves the old
// one in place.
func (c *Certificates) Reload() (changed bool, err error) {
	cert, err := os.ReadFile(c.cert)
	if err != nil {
		return false, fmt.Errorf("read the certificate: %w", err)
	}
	key, err := readTLSKey(c.key)
	if err != nil {
		return false, err
	}
	files := append(append([]byte{}, cert...), key...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if bytes.Equal(files, c.files) {
		return false, nil
	}
	c.files = files
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return false, fmt.Errorf("the certificate %s and the key %s do not make a pair: %w", c.cert, c.key, err)
	}
	if pair.Leaf == nil {
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return false, fmt.Errorf("the certificate %s: %w", c.cert, err)
		}
	}
	if c.now().After(pair.Leaf.NotAfter) {
		return false, fmt.Errorf("the certificate %s ended on %s", c.cert, pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	c.current = &pair
	return true, nil
}

func readTLSKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the certificate's key: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 && os.PathSeparator == '/' {
		return nil, fmt.Errorf("%s holds a private key but anybody may read it; run: chmod 640 %s", path, path)
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the certificate's key: %w", err)
	}
	return key, nil
}

// Ends is when the certificate in use stops to count.
func (c *Certificates) Ends() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.current.Leaf.NotAfter
}

// Names are those the certificate is for.
func (c *Certificates) Names() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	names := append([]string(nil), c.current.Leaf.DNSNames...)
	for _, ip := range c.current.Leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

func (c *Certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.current == nil {
		return nil, errors.New("there is no certificate")
	}
	return c.current, nil
}

// Watch reloads the pair until ctx ends: when it finds its files changed, and at once when now is sent to.
func (c *Certificates) Watch(ctx context.Context, reload <-chan os.Signal, after func(time.Duration) <-chan time.Time, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-reload:
		case <-after(watchEvery):
		}
		changed, err := c.Reload()
		switch {
		case err != nil:
			log.Error("the new certificate is not used, the old one stays", "error", err.Error(), "ends", c.Ends())
		case changed:
			log.Info("the certificate was replaced", "names", c.Names(), "ends", c.Ends())
		}
		if left := c.Ends().Sub(c.now()); changed && left < expiresSoon {
			log.Warn("the certificate ends soon", "ends", c.Ends())
		}
	}
}
