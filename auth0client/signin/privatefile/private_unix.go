//go:build unix

package privatefile

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// open follows no link: a link in a folder that was open to others for a while could lead anywhere.
func open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) {
		return nil, &Exposed{Path: path, Why: "it is a link"}
	}
	return f, err
}

func check(path string, info os.FileInfo) error {
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		return &Exposed{Path: path, Why: fmt.Sprintf("it belongs to another user of this machine (uid %d)", s.Uid)}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		want := "600"
		if info.IsDir() {
			want = "700"
		}
		return &Exposed{Path: path, Why: fmt.Sprintf("others may use it (mode %04o)", mode), Remedy: "chmod " + want + " " + path}
	}
	return nil
}

// syncFolder makes a rename last through a power cut. Not every file system can; the file itself is on disk anyway.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open the folder %s: %w", dir, err)
	}
	defer d.Close() //nolint:errcheck // nothing was written
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return fmt.Errorf("sync the folder %s: %w", dir, err)
	}
	return nil
}
