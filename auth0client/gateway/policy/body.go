package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"unicode/utf8"
)

// maxImport is Auth0's limit of an import's file, in bytes.
const maxImport = 500 << 10

// bodyFields decodes an object and refuses doubled keys at any depth, which two readers could take differently.
func bodyFields(body []byte) (map[string]any, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, nil
	}
	if body[0] != '{' {
		return nil, fmt.Errorf("it starts with %q", body[:1])
	}
	var fields map[string]any
	if err := strictJSON(body, &fields); err != nil {
		return nil, err
	}
	return fields, nil
}

// deepest is how many levels a body may have. Readers stop at some depth, each at its own.
const deepest = 200

var errTooDeep = fmt.Errorf("it has more than %d levels", deepest)

// strictJSON decodes what every reader decodes alike: UTF-8, no half characters, no doubled keys, not too deep.
func strictJSON(body []byte, into any) error {
	if !utf8.Valid(body) {
		return errors.New("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber() // a number is forwarded as it came
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more follows it")
	}
	if half(body) {
		return errors.New(`it holds half of a character (an unpaired \ud800 to \udfff)`)
	}
	return uniqueKeys(json.NewDecoder(bytes.NewReader(body)))
}

// half reports an unpaired surrogate escape, which decoders replace each in their own way.
func half(body []byte) bool {
	surrogate := func(i int) (high, ok bool) {
		if i+6 > len(body) || body[i] != '\\' || body[i+1] != 'u' || body[i+2]|0x20 != 'd' {
			return false, false
		}
		c := body[i+3] | 0x20
		return c == '8' || c == '9' || c == 'a' || c == 'b', c >= '8' && c <= '9' || c >= 'a' && c <= 'f'
	}
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		if high, ok := surrogate(i); ok {
			if low, second := surrogate(i + 6); !high || !second || low {
				return true
			}
			i += 11
			continue
		}
		i++ // the escaped character
	}
	return false
}

// uniqueKeys walks valid JSON and names the first key that an object holds twice. It goes down to deepest.
func uniqueKeys(dec *json.Decoder) error {
	type level struct {
		keys map[string]bool // nil for an array
		key  bool            // the next token is a key
	}
	var open []level
	for {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		if top := len(open) - 1; top >= 0 && open[top].key {
			if name, ok := token.(string); ok {
				if open[top].keys[name] {
					return fmt.Errorf("it has %q twice", name)
				}
				open[top].keys[name], open[top].key = true, false
				continue
			}
		}
		switch token {
		case json.Delim('{'):
			open = append(open, level{keys: map[string]bool{}, key: true})
			if len(open) > deepest {
				return errTooDeep
			}
			continue
		case json.Delim('['):
			if open = append(open, level{}); len(open) > deepest {
				return errTooDeep
			}
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			return nil
		}
		top := &open[len(open)-1]
		top.key = top.keys != nil
	}
}

// readForm reads the multipart body of an import into Fields and People. The file itself stays out of Fields: they are
// journaled.
func (d *Decision) readForm(contentType string, body []byte) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return fieldRefusal("the request's body must be multipart/form-data")
	}
	d.Fields = map[string]any{}
	form := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fieldRefusal("the request's form cannot be read: %v", err)
		}
		name := part.FormName()
		if _, twice := d.Fields[name]; twice || name == "" {
			return fieldRefusal("the form's part %q comes twice or has no name", name)
		}
		data, err := io.ReadAll(io.LimitReader(part, maxImport+1))
		if err != nil || len(data) > maxImport || part.Header.Get("Content-Transfer-Encoding") != "" {
			return fieldRefusal("the form's part %q cannot be read or is larger than 500 KB", name)
		}
		if name != "users" {
			d.Fields[name] = strings.TrimSpace(string(data))
			continue
		}
		if err := strictJSON(data, &d.People); err != nil {
			return fieldRefusal("the file of users is not a JSON array of users: %v", err)
		}
		d.Fields[name] = fmt.Sprintf("%d users", len(d.People))
	}
}

// WriteForm makes the body of an import anew, from what was decided.
func (d *Decision) WriteForm() (contentType string, body []byte, err error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, v := range d.Fields {
		if name == "users" {
			continue
		}
		if err := form.WriteField(name, fmt.Sprint(v)); err != nil {
			return "", nil, err
		}
	}
	file, err := form.CreateFormFile("users", "users.json")
	if err != nil {
		return "", nil, err
	}
	if err := json.NewEncoder(file).Encode(d.People); err != nil {
		return "", nil, err
	}
	if err := form.Close(); err != nil {
		return "", nil, err
	}
	return form.FormDataContentType(), b.Bytes(), nil
}
