package localtenant

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

// cursor is an opaque place in a list, as checkpoint paging hands it out.
func cursor(at int) string {
	return base64.StdEncoding.EncodeToString([]byte("at:" + strconv.Itoa(at)))
}

func openCursor(s string) (int, error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return 0, err
	}
	digits, ok := strings.CutPrefix(string(raw), "at:")
	if !ok {
		return 0, errors.New("not a cursor")
	}
	n, err := strconv.Atoi(digits)
	if err == nil && n < 0 {
		err = errors.New("not a cursor")
	}
	return n, err
}
