package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// HeadName is the head's file in the journal's folder.
const HeadName = "journal.head"

// headLength is the head's fixed size: it is written over in place, which takes no room on a full disk.
const headLength = 320

// headFile is written after each batch of lines is on disk. It is not synced itself: after a loss of power it may be
// older than the journal, never newer.
type headFile struct{ f *os.File }

func openHead(path string) (*headFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the journal's head: %w", err)
	}
	return &headFile{f}, nil
}

func encodeHead(h Head) ([]byte, error) {
	data, err := json.Marshal(h)
	if err != nil || len(data) >= headLength {
		return nil, fmt.Errorf("encode the journal's head: %w", errors.Join(err))
	}
	return append(append(data, bytes.Repeat([]byte(" "), headLength-1-len(data))...), '\n'), nil
}

func (h *headFile) write(head Head) error {
	data, err := encodeHead(head)
	if err != nil {
		return err
	}
	if _, err := h.f.WriteAt(data, 0); err != nil {
		return fmt.Errorf("write the journal's head: %w", err)
	}
	return nil
}

// create writes the first head and puts it on disk.
func (h *headFile) create(head Head) error {
	if err := h.write(head); err != nil {
		return err
	}
	if err := h.f.Sync(); err != nil {
		return fmt.Errorf("put the journal's head on disk: %w", err)
	}
	return syncFolder(filepath.Dir(h.f.Name()))
}

func (h *headFile) close() error { return errors.Join(h.f.Sync(), h.f.Close()) }

// errBadHead: the head was changed by somebody else than usher.
var errBadHead = errors.New("the journal's head is not as usher wrote it")

// readHead reads the head in dir. Without a head ok is false. With a sealer the seal is checked.
func readHead(dir string, s *sealer) (h Head, ok bool, err error) {
	for try := range 4 {
		if try > 0 { // a writer may be at it right now
			<-time.After(time.Millisecond)
		}
		var data []byte
		data, err = os.ReadFile(filepath.Join(dir, HeadName))
		if errors.Is(err, fs.ErrNotExist) {
			return Head{}, false, nil
		}
		if err != nil {
			return Head{}, false, fmt.Errorf("read the journal's head: %w", err)
		}
		h = Head{}
		if json.Unmarshal(data, &h) != nil {
			err = errBadHead
			continue
		}
		again, encErr := encodeHead(h)
		switch {
		case encErr != nil || !bytes.Equal(again, data):
			err = errBadHead
		case s != nil && h.Key != s.keyID:
			err = fmt.Errorf("the journal was sealed with another key (%s, not %s)", h.Key, s.keyID)
		case s != nil && !s.fitsHead("", h):
			err = errBadHead
		default:
			return h, true, nil
		}
	}
	return Head{}, true, err
}
