//go:build unix

package journal

import (
	"errors"
	"fmt"
	"os"
)

// syncFolder puts a folder's own list of files on disk.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("put the folder %s on disk: %w", dir, err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("put the folder %s on disk: %w", dir, err)
	}
	return nil
}
