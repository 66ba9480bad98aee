package gateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writePair writes a self-signed certificate for the loopback addresses and its key.
func writePair(tb testing.TB, dir string, serial int64, ends time.Time) (cert, key string, authority []byte) {
	tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "gateway.example.com"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: ends,
		IsCA: true, BasicConstraintsValid: true, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		tb.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, data := range map[string][]byte{cert: authority, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return cert, key, authority
}

func serialOf(t *testing.T, s *running) int64 {
	t.Helper()
	conn, err := tls.Dial("tcp", s.url.Host, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // it is looked at
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestACertificateIsReplacedWithoutARestart(t *testing.T) {
	t.Parallel()
	s := serve(t, roundTripper(okay), nil)
	dir := filepath.Dir(s.cert)
	hup, tick := make(chan os.Signal), make(chan time.Time)
	ctx, cancel := context.WithCancel(t.Context())
	watching := make(chan struct{})
	go func() {
		s.o.Certificates.Watch(ctx, hup, func(time.Duration) <-chan time.Time { return tick }, s.o.Log)
		close(watching)
	}()
	look := func() { tick <- time.Time{}; tick <- time.Time{} } // when the second is taken the first is dealt with
	month := time.Now().Add(30 * 24 * time.Hour)

	writePair(t, dir, 2, month)
	look()
	if got := serialOf(t, s); got != 2 {
		t.Errorf("after the files changed the certificate is number %d, want 2", got)
	}
	for name, spoil := range map[string]func(){
		"a key that is not its own": func() {
			other := t.TempDir()
			_, key, _ := writePair(t, other, 3, month)
			data, err := os.ReadFile(key)
			if err != nil {
				t.Fatal(err)
			}
			writePair(t, dir, 4, month)
			if err := os.WriteFile(filepath.Join(dir, "key.pem"), data, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"one that has ended": func() { writePair(t, dir, 5, time.Now().Add(-time.Minute)) },
		"half a file":        func() { _ = os.WriteFile(s.cert, []byte("-----BEGIN CERT"), 0o600) },
		"no file":            func() { _ = os.Remove(s.cert) },
	} {
		before := strings.Count(s.log.String(), "the old one stays")
		spoil()
		look()
		if got := serialOf(t, s); got != 2 {
			t.Errorf("%s: the certificate is number %d, want 2 still", name, got)
		}
		if strings.Count(s.log.String(), "the old one stays") == before {
			t.Errorf("%s: nothing is said", name)
		}
	}
	writePair(t, dir, 6, time.Now().Add(time.Hour))
	hup <- os.Interrupt
	look()
	if got := serialOf(t, s); got != 6 || !strings.Contains(s.log.String(), "ends soon") {
		t.Errorf("after the signal the certificate is number %d, want 6", got)
	}
	cancel()
	<-watching
}

func TestAKeyForEverybodyIsRefused(t *testing.T) {
	t.Parallel()
	cert, key, _ := writePair(t, t.TempDir(), 1, time.Now().Add(time.Hour))
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadCertificates(cert, key, nil); err == nil || !strings.Contains(err.Error(), "chmod 640") {
		t.Errorf("loading ends with %v", err)
	}
}
