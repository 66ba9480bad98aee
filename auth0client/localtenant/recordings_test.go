package localtenant

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// exchange is one recorded request to Auth0's Management API with its answer.
type exchange struct {
	method      string
	path        string // escaped, without /api/v2
	query       string
	contentType string // of the request
	body        string
	status      int
	answerType  string
	answer      any // nil without a body
}

func (e exchange) String() string {
	if e.query == "" {
		return e.method + " " + e.path
	}
	return e.method + " " + e.path + "?" + e.query
}

// cassette is a recording: exchanges in the order in which they happened.
type cassette struct {
	name      string
	exchanges []exchange
}

// readCassettes reads the recordings of Auth0's Go SDK, in the order of their names.
func readCassettes(t *testing.T) []cassette {
	t.Helper()
	root := filepath.Join(sharedFolder(), "recordings", "go-auth0-v1.45.0")
	var all []cassette
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		name, err := filepath.Rel(root, strings.TrimSuffix(path, ".yaml"))
		if err != nil || strings.HasPrefix(name, "authentication") {
			return err
		}
		c, err := readCassette(path)
		c.name = filepath.ToSlash(name)
		all = append(all, c)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("SKIPPED: the recordings are not in %s; set USHER_SHARED to the folder that holds recordings/", sharedFolder())
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func readCassette(path string) (cassette, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return cassette{}, err
	}
	type headers struct {
		ContentType []string `yaml:"Content-Type"`
	}
	var file struct {
		Interactions []struct {
			Request struct {
				Method, URL, Body string
				Headers           headers
			}
			Response struct {
				Code    int
				Body    string
				Headers headers
			}
		}
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		return cassette{}, err
	}
	var c cassette
	for _, i := range file.Interactions {
		e, ok, err := newExchange(i.Request.Method, i.Request.URL)
		if err != nil {
			return c, err
		}
		if !ok {
			continue
		}
		e.contentType, e.body = strings.Join(i.Request.Headers.ContentType, ""), i.Request.Body
		if s := strings.TrimSpace(e.body); s == "null" && e.method == "GET" {
			e.body = "" // the SDK encodes having no body
		}
		e.status, e.answerType = i.Response.Code, strings.Join(i.Response.Headers.ContentType, "")
		if i.Response.Body != "" {
			if err := json.Unmarshal([]byte(i.Response.Body), &e.answer); err != nil {
				return c, err
			}
		}
		c.exchanges = append(c.exchanges, e)
	}
	return c, nil
}

// newExchange takes an address apart. It is not ok when the address is none of the Management API.
func newExchange(method, address string) (e exchange, ok bool, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return e, false, err
	}
	path, ok := strings.CutPrefix(u.EscapedPath(), "/api/v2")
	return exchange{method: method, path: path, query: u.RawQuery}, ok, nil
}

const deployTool = "auth0-deploy-cli"

// readDeployments reads the exchanges of Auth0's deploy tool: without duplicates and out of order, so each is a cassette
// of its own, and what they change comes before what they list.
func readDeployments(t *testing.T) []cassette {
	t.Helper()
	raw, err := sharedFile("recordings", "auth0-deploy-cli", "user-console-exchanges.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("SKIPPED: the recordings are not in %s; set USHER_SHARED to the folder that holds recordings/", sharedFolder())
	}
	if err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		Method, Path string
		Body         json.RawMessage
		Status       int
		Response     any
	}
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatal(err)
	}
	var all []cassette
	for _, r := range rows {
		e, ok, err := newExchange(r.Method, r.Path)
		if err != nil || !ok {
			t.Fatalf("%s %s: %v", r.Method, r.Path, err)
		}
		if body := string(r.Body); body != `""` {
			e.body, e.contentType = body, "application/json"
		}
		e.status, e.answer = r.Status, r.Response
		if s, isText := r.Response.(string); isText && s == "" {
			e.answer = nil
		}
		all = append(all, cassette{name: deployTool, exchanges: []exchange{e}})
	}
	order := []string{"POST", "PATCH", "PUT", "GET", "DELETE"}
	slices.SortStableFunc(all, func(a, b cassette) int {
		return slices.Index(order, a.exchanges[0].method) - slices.Index(order, b.exchanges[0].method)
	})
	return all
}
