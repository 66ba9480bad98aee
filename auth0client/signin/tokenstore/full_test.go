//go:build unix

package tokenstore

import (
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// TestADiskWithoutRoomIsFoundBeforeASignIn runs beside no other: its limit is the whole process's.
func TestADiskWithoutRoomIsFoundBeforeASignIn(t *testing.T) {
	o := fileOptions(t)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	t.Cleanup(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Error(err)
		}
		signal.Reset(syscall.SIGXFSZ)
	})
	small := limit
	small.Cur = 1024
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	st, err := New(o).Open(t.Context())
	if err != nil || st.Kind != Memory || !strings.Contains(st.Note, "cannot be kept") {
		t.Errorf("kept by %+v, %v", st, err)
	}
}
