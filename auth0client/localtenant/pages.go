package localtenant

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

const pageShell = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;
color-scheme:light dark}code{font-size:1.6rem;letter-spacing:.1em}button,input{font:inherit;padding:.4rem .8rem}
label{display:block;margin:.4rem 0}.bad{font-weight:bold}</style></head><body><h1>{{.Title}}</h1>{{.Body}}</body></html>`

// render fills a page part; the parts are constants, so a failure to parse shows in every test.
func render(source string, data any) string {
	var b strings.Builder
	if err := template.Must(template.New("part").Parse(source)).Execute(&b, data); err != nil {
		return ""
	}
	return b.String()
}

// page sends an HTML page. body must be escaped already. Nothing may frame it or run script in it, and its forms go to this
// tenant; browsers hold answers that lead elsewhere to the same rule, so those places are named.
func page(w http.ResponseWriter, status int, title, body string, leadsTo ...string) {
	forms := "'self'"
	for _, to := range leadsTo {
		if u, err := url.Parse(to); err == nil && u.Host != "" && !strings.ContainsAny(u.Host, " ;,'") {
			forms += " " + u.Scheme + "://" + u.Host
		}
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action "+forms+"; frame-ancestors 'none'")
	w.WriteHeader(status)
	out := render(pageShell, struct {
		Title string
		Body  template.HTML
	}{title, template.HTML(body)}) //nolint:gosec // body is escaped by render or constant
	w.Write([]byte(out)) //nolint:errcheck // the client is gone: nobody is left to tell
}

// form reads the form of a page of this tenant. It answers itself when there is none to be taken.
func form(w http.ResponseWriter, r *http.Request, title string) bool {
	if !sameSite(r) {
		page(w, http.StatusForbidden, title, "<p>This answer came from another site.</p>")
		return false
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		page(w, http.StatusBadRequest, title, "<p>The form could not be read.</p>")
		return false
	}
	return true
}
