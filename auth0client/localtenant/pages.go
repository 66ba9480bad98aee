package localtenant

import (
	"html"
	"net/http"
	"net/url"
	"strings"
)

const pageShell = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{{.Title}}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;
color-scheme:light dark}code{font-size:1.6rem;letter-spacing:.1em}button,input{font:inherit;padding:.4rem .8rem}
label{display:block;margin:.4rem 0}.bad{font-weight:bold}</style></head><body><h1>{{.Title}}</h1>{{.Body}}</body></html>`

// markup is HTML that is fit to be sent. Text becomes markup only by being escaped.
type markup string

// parts are what is put into a page, by name: strings are escaped, markup is put in as it is.
type parts map[string]any

// render puts parts where the source has "{{.Name}}"; what has no part is empty. Package html/template would do it too, but
// keeps the linker from leaving out any method of any type in the program: a fifth of its size.
func render(source markup, p parts) markup {
	var b strings.Builder
	rest := string(source)
	for {
		before, after, found := strings.Cut(rest, "{{.")
		b.WriteString(before)
		if !found {
			return markup(b.String())
		}
		var name string
		name, rest, _ = strings.Cut(after, "}}")
		switch v := p[name].(type) {
		case markup:
			b.WriteString(string(v))
		case string:
			b.WriteString(html.EscapeString(v))
		}
	}
}

// each renders source once for each row, one after the other.
func each[T any](source markup, rows []T, p func(i int, row T) parts) (out markup) {
	for i, row := range rows {
		out += render(source, p(i, row))
	}
	return out
}

// paragraph is a text as a paragraph.
func paragraph(text string) markup { return render(`<p>{{.Text}}</p>`, parts{"Text": text}) }

// warning is a problem to be read first, nothing when there is none.
func warning(problem string) markup {
	if problem == "" {
		return ""
	}
	return render(`<p class="bad" role="alert">{{.Text}}</p>`, parts{"Text": problem})
}

// page sends an HTML page. Nothing may frame it or run script in it, and its forms go to this
// tenant; browsers hold answers that lead elsewhere to the same rule, so those places are named.
func page(w http.ResponseWriter, status int, title string, body markup, leadsTo ...string) {
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
	w.Write([]byte(render(pageShell, parts{"Title": title, "Body": body}))) //nolint:errcheck // the client is gone: nobody is left to tell
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
