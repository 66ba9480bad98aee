package desk

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"usher/auth0client"
)

type refusing struct{ err error }

func (r refusing) User(context.Context, auth0client.UserID) (auth0client.User, error) {
	return auth0client.User{Record: json.RawMessage(`{"user_id":"auth0|1"}`)}, nil
}
func (r refusing) DeleteUser(context.Context, auth0client.UserID) error { return r.err }

// A copy holds all of a person's data: it is kept only where the record may be gone.
func TestTheCopyOfARecordStaysOnlyWhereItMayBeNeeded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		kept bool
	}{
		"deleted":               {nil, true},
		"refused":               {errors.New("insufficient scope"), false},
		"of unknown outcome":    {&auth0client.Unknown{}, true},
		"waits for an approver": {&auth0client.ApprovalPending{}, true},
	} {
		path := filepath.Join(t.TempDir(), "copy.json")
		r := Delete(refusing{c.err}, auth0client.User{ID: "auth0|1"}, func(record []byte) (string, error) {
			return path, os.WriteFile(path, record, 0o600)
		}).Run(t.Context())
		_, err := os.Stat(path)
		if (err == nil) != c.kept || (len(r.Note) > 0) != c.kept || !errors.Is(r.Err, c.err) {
			t.Errorf("%s: kept %v, result %+v", name, err == nil, r)
		}
	}
}
