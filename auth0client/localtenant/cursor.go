package localtenant

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"
)

// cursorLife is how long a checkpoint can be used.
const cursorLife = 24 * time.Hour

const cursorLayout = "2006-01-02 15:04:05.000000UTC"

// cursor is a place in a list, as checkpoint paging hands it out: behind the row with this mark and key. It says when it was
// made, and names no position, so that rows may come and go meanwhile.
func cursor(made time.Time, mark, key string) string {
	return base64.StdEncoding.EncodeToString([]byte(made.UTC().Format(cursorLayout) + "," + mark + "," + key))
}

func openCursor(s string, now time.Time) (mark, key string, err error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", "", err
	}
	parts := strings.SplitN(string(raw), ",", 3)
	if len(parts) != 3 {
		return "", "", errors.New("not a checkpoint")
	}
	made, err := time.Parse(cursorLayout, parts[0])
	if err != nil {
		return "", "", err
	}
	if age := now.Sub(made); age > cursorLife || age < -time.Minute {
		return "", "", errors.New("the checkpoint has expired")
	}
	return parts[1], parts[2], nil
}
