package localtenant

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"time"
)

func (k *credential) json() map[string]any {
	out := map[string]any{"id": k.ID, "name": k.Name, "credential_type": "public_key", "kid": k.KeyID, "alg": k.Algorithm,
		"created_at": stamp(k.Created), "updated_at": stamp(k.Updated)}
	if !k.Expires.IsZero() {
		out["expires_at"] = stamp(k.Expires)
	}
	return out
}

func listCredentials(c *call) reply {
	cl := c.clientByID(c.arg(0))
	if cl == nil {
		return noClient()
	}
	rows := []any{}
	for _, k := range cl.Credentials {
		rows = append(rows, k.json())
	}
	return ok(rows)
}

// credentialsFrom reads a list of credentials: ids of those the application has, or new keys.
func (c *call) credentialsFrom(cl *client, list []any) ([]*credential, *reply) {
	var kept []*credential
	for _, v := range list {
		row, _ := v.(map[string]any)
		id, named := row["id"].(string)
		if named {
			i := slices.IndexFunc(cl.Credentials, func(k *credential) bool { return k.ID == id })
			if i < 0 {
				bad := badRequest("The credential "+id+" does not exist.", "invalid_body")
				return nil, &bad
			}
			kept = append(kept, cl.Credentials[i])
			continue
		}
		k, bad := c.newCredential(row)
		if bad != nil {
			return nil, bad
		}
		kept = append(kept, k)
	}
	if len(kept) > mostClientKeys {
		bad := tooManyCredentials()
		return nil, &bad
	}
	return kept, nil
}

func tooManyCredentials() reply {
	return badRequest("A client can have at most 2 credentials.", "too_many_entities")
}

func (c *call) newCredential(row map[string]any) (*credential, *reply) {
	text := func(name, fallback string) string {
		if s, _ := row[name].(string); s != "" {
			return s
		}
		return fallback
	}
	key, err := rsaPublic([]byte(text("pem", "")))
	if err != nil {
		return nil, refused("The public key could not be read: "+err.Error()+".", "invalid_body")
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, refused("The public key could not be read: "+err.Error()+".", "invalid_body")
	}
	sum := sha256.Sum256(der)
	now := c.now().UTC()
	k := &credential{ID: "cred_" + pick(c.ids, 22, alnum), Name: text("name", ""), KeyID: text("kid", base64.RawURLEncoding.EncodeToString(sum[:])),
		Algorithm: text("alg", "RS256"), PEM: text("pem", ""), Created: now, Updated: now}
	if at, err := time.Parse(time.RFC3339, text("expires_at", "")); err == nil {
		k.Expires = at
	}
	return k, nil
}

func addCredential(c *call) reply {
	cl := c.clientByID(c.arg(0))
	switch {
	case cl == nil:
		return noClient()
	case len(cl.Credentials) >= mostClientKeys:
		return tooManyCredentials()
	}
	k, bad := c.newCredential(c.body)
	if bad != nil {
		return *bad
	}
	changed := *cl
	changed.Credentials = append(slices.Clone(cl.Credentials), k)
	c.clients.set(cl.ID, &changed)
	return created(k.json())
}

func deleteCredential(c *call) reply {
	cl := c.clientByID(c.arg(0))
	if cl == nil {
		return noClient()
	}
	changed := *cl
	changed.Credentials = slices.DeleteFunc(slices.Clone(cl.Credentials), func(k *credential) bool { return k.ID == c.arg(1) })
	c.clients.set(cl.ID, &changed)
	return nothing()
}
