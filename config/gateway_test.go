package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const goodGateway = `name = "support-1"
listen = "0.0.0.0:8443"
trusted_proxies = ["10.0.0.0/8", "192.0.2.7"]
drain = "5s"

[tls]
certificate = "/etc/usher/cert.pem"
key = "/etc/usher/key.pem"

[tenant]
domain = "acme.eu.auth0.com"
audience = "https://usher.acme.example/"

[management]
client_id = "m2m"
secret = "env:USHER_M2M"

[journal]
dir = "/var/lib/usher"
rotate_mb = 64
postgres = "file:/etc/usher/postgres"
syslog = "udp://192.0.2.1:514"

[metrics]
listen = "127.0.0.1:9464"

[budget]
reserve = 0.25

[[policy]]
name = "anything"
here = { is = "read by others" }
`

func TestAGatewaysConfigurationIsRead(t *testing.T) {
	t.Parallel()
	path := file(t, goodGateway)
	g, data, err := ReadGateway(path)
	if err != nil {
		t.Fatal(err)
	}
	proxies, err := g.Proxies()
	if err != nil || len(proxies) != 2 || proxies[1].String() != "192.0.2.7/32" {
		t.Errorf("the proxies are %v, %v", proxies, err)
	}
	if string(data) != goodGateway || g.Name != "support-1" || time.Duration(g.Drain) != 5*time.Second || g.Journal.RotateMB != 64 || g.Budget.Reserve != 0.25 || g.Log.Level != "info" {
		t.Errorf("read as %+v", g)
	}
	plain := strings.Replace(goodGateway, "[tls]\ncertificate = \"/etc/usher/cert.pem\"\nkey = \"/etc/usher/key.pem\"\n", "", 1)
	plain = strings.Replace(plain, `listen = "0.0.0.0:8443"`, "listen = \"127.0.0.1:8080\"\ninsecure_http = true", 1)
	if _, _, err := ReadGateway(file(t, plain)); err != nil {
		t.Errorf("behind a local proxy: %v", err)
	}
}

func TestABadGatewayIsExplainedWithItsNameAndLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, says string }{
		"an unknown key":           {"trusted_proxies", "trusted_proxy", `line 3: there is no setting "trusted_proxy"; did you mean "trusted_proxies"`},
		"a wrong type":             {"rotate_mb = 64", `rotate_mb = "64 MB"`, "line 20"},
		"no time":                  {`drain = "5s"`, `drain = "five"`, "is not a time"},
		"plain http":               {"acme.eu.auth0.com", "http://acme.eu.auth0.com", "only https"},
		"plain http for everybody": {`listen = "0.0.0.0:8443"`, "listen = \"0.0.0.0:8443\"\ninsecure_http = true", "exclude each other"},
		"no port":                  {"0.0.0.0:8443", "0.0.0.0", "is not an address"},
		"no key":                   {`key = "/etc/usher/key.pem"`, "", "tls.certificate and tls.key are needed"},
		"a secret in the file":     {"env:USHER_M2M", "s3cr3t-value", "does not belong in the file"},
		"a database's password":    {"file:/etc/usher/postgres", "postgres://u:s3cr3t-value@h/d", "does not belong in the file"},
		"two credentials":          {`secret = "env:USHER_M2M"`, "secret = \"env:A\"\nkey = \"env:B\"", "one of them"},
		"no credential":            {`secret = "env:USHER_M2M"`, "", "one of them"},
		"no audience":              {`audience = "https://usher.acme.example/"`, "", "tenant.audience is missing"},
		"no folder":                {`dir = "/var/lib/usher"`, "", "journal.dir is missing"},
		"everybody is a proxy":     {"10.0.0.0/8", "0.0.0.0/0", "trusted_proxies"},
		"a proxy that is none":     {"10.0.0.0/8", "the balancer", "trusted_proxies"},
		"a reserve of all":         {"0.25", "1.0", "budget.reserve"},
		"half a file":              {"[metrics]", "[metr", "line 24"},
	} {
		path := file(t, strings.Replace(goodGateway, c.from, c.to, 1))
		_, _, err := ReadGateway(path)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; want the path and %q", name, err, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: the error quotes the secret", name)
		}
	}
}

func TestTheExampleOfTheDocsIsGood(t *testing.T) {
	t.Parallel()
	if _, _, err := ReadGateway("../docs/deploy/gateway.toml"); err != nil {
		t.Error(err)
	}
}

func TestACredentialOfSystemdMayLookOpenToAGroup(t *testing.T) {
	t.Parallel()
	path := file(t, "s3cr3t\n")
	if err := os.Chmod(path, 0o440); err != nil {
		t.Fatal(err)
	}
	for dir, good := range map[string]bool{filepath.Dir(path): true, filepath.Dir(path) + "/": true, filepath.Dir(filepath.Dir(path)): false, "": false} {
		_, err := Reference("file:" + path).Resolve(env(map[string]string{"CREDENTIALS_DIRECTORY": dir}))
		if (err == nil) != good {
			t.Errorf("with credentials in %q: %v", dir, err)
		}
	}
}

func TestACredentialIsKnownByItsPlaceOutsideTheService(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/run/credentials/usher-gateway.service/management":      true,
		"/run/credentials/usher-gateway.service/deep/management": false,
		"/run/credentials/management":                            false,
		"/run/credentials/../../tmp/management":                  false,
		"/srv/run/credentials/usher-gateway.service/management":  false,
		"run/credentials/usher-gateway.service/management":       false,
	} {
		if got := ofSystemd(path, env(nil)); got != want {
			t.Errorf("%s: taken for a credential of systemd: %v", path, got)
		}
	}
}

func TestAGatewaysPathsAreSeenFromItsFile(t *testing.T) {
	t.Parallel()
	path := file(t, strings.NewReplacer("/etc/usher/cert.pem", "cert.pem", "/var/lib/usher", "journal", "/etc/usher/postgres", "postgres", "env:USHER_M2M", "file:secret").Replace(goodGateway))
	g, _, err := ReadGateway(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	for got, want := range map[string]string{
		g.TLS.Certificate: filepath.Join(dir, "cert.pem"), g.TLS.Key: "/etc/usher/key.pem", g.Journal.Dir: filepath.Join(dir, "journal"),
		string(g.Journal.Postgres): "file:" + filepath.Join(dir, "postgres"), string(g.Management.Secret): "file:" + filepath.Join(dir, "secret"),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
