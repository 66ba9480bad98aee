package localtenant

import (
	"encoding/json"
	"html/template"
	"net"
	"net/http"
	"strings"
)

const pageShell = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;
color-scheme:light dark}code{font-size:1.6rem;letter-spacing:.1em}button,input{font:inherit;padding:.4rem .8rem}
label{display:block;margin:.4rem 0}</style></head><body><h1>{{.Title}}</h1>{{.Body}}</body></html>`

const askCode = `<p>Enter the code shown on your device.</p><form method="get" action="/activate">
<label>Code <input name="user_code" autofocus autocomplete="off" value="{{.Code}}"></label><button>Continue</button></form>`

const askOperator = `<p>Check that your device shows this code, and confirm only if you started this sign-in:</p>
<p><code>{{.Code}}</code></p><form method="post" action="/activate"><input type="hidden" name="user_code" value="{{.Code}}">
{{range $i, $o := .Operators}}<label><input type="radio" name="operator" value="{{$o.Preset}}"{{if eq $i 0}} checked{{end}}>
{{$o.Name}} ({{$o.Email}})</label>{{end}}<p><button name="answer" value="confirm">Confirm</button>
<button name="answer" value="deny">Deny</button></p></form>`

// render fills a page part; the parts are constants, so a failure to parse shows in every test.
func render(source string, data any) string {
	var b strings.Builder
	if err := template.Must(template.New("part").Parse(source)).Execute(&b, data); err != nil {
		return ""
	}
	return b.String()
}

// page sends an HTML page. body must be escaped already. Nothing may frame it or run script in it.
func page(w http.ResponseWriter, status int, title, body string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	w.WriteHeader(status)
	out := render(pageShell, struct {
		Title string
		Body  template.HTML
	}{title, template.HTML(body)}) //nolint:gosec // body is escaped by render or constant
	w.Write([]byte(out)) //nolint:errcheck // the client is gone: nobody is left to tell
}

func (t *Tenant) activatePage(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("user_code")
	if code == "" {
		page(w, http.StatusOK, "Device Activation", render(askCode, map[string]string{"Code": ""}))
		return
	}
	t.mu.Lock()
	d := t.deviceUser[normalCode(code)]
	pending := d != nil && d.state == devicePending && t.now().Before(d.expires)
	t.mu.Unlock()
	if !pending {
		page(w, http.StatusBadRequest, "Device Activation",
			"<p>This code is not known, or it has expired.</p>"+render(askCode, map[string]string{"Code": code}))
		return
	}
	page(w, http.StatusOK, "Device Confirmation", render(askOperator, struct {
		Code      string
		Operators []operator
	}{d.userCode, operators()}))
}

func (t *Tenant) activateAnswer(w http.ResponseWriter, r *http.Request) {
	// A page of another site must not be able to confirm for the person at this browser.
	if o := r.Header.Get("Origin"); o != "" && o != "null" && !strings.EqualFold(o, "http://"+r.Host) && !strings.EqualFold(o, "https://"+r.Host) {
		page(w, http.StatusForbidden, "Device Activation", "<p>This answer came from another site.</p>")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		page(w, http.StatusBadRequest, "Device Activation", "<p>The form could not be read.</p>")
		return
	}
	code, id := r.PostForm.Get("user_code"), ""
	if r.PostForm.Get("answer") == "confirm" {
		known := false
		if id, known = operatorID(r.PostForm.Get("operator")); !known {
			page(w, http.StatusBadRequest, "Device Activation", "<p>Choose an operator.</p>")
			return
		}
	}
	t.mu.Lock()
	err := t.decide(code, id)
	t.mu.Unlock()
	switch {
	case err != nil:
		page(w, http.StatusBadRequest, "Device Activation", "<p>"+template.HTMLEscapeString(err.Error())+"</p>")
	case id == "":
		page(w, http.StatusOK, "Device not connected", "<p>You refused. You can close this window.</p>")
	default:
		page(w, http.StatusOK, "Congratulations, you're all set!", "<p>Your device is now connected. You can close this window.</p>")
	}
}

// control is the switchboard for demonstrations and tests. It answers this machine only.
func (t *Tenant) control(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		http.Error(w, "Not found.", http.StatusNotFound)
		return
	}
	if r.Header.Get("Origin") != "" {
		http.Error(w, "Not for browsers.", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	switch r.Method + " " + r.URL.Path {
	case "POST /_usher/faults":
		var b strings.Builder
		if _, err = copyText(&b, r.Body); err == nil {
			err = t.AddFault(b.String())
		}
	case "DELETE /_usher/faults":
		t.ClearFaults()
	case "POST /_usher/approve":
		var in struct {
			UserCode string `json:"user_code"`
			Preset   string `json:"preset"`
		}
		if err = json.NewDecoder(r.Body).Decode(&in); err == nil {
			err = t.Approve(in.UserCode, in.Preset)
		}
	case "POST /_usher/revoke":
		t.RevokeTokens()
	default:
		http.Error(w, "Not found.", http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
