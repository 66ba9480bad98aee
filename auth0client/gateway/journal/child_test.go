package journal

import (
	"context"
	"os"
	"path/filepath"
)

func childContext() context.Context { return context.Background() }

// openChild opens a journal whose files are soon full, or one in PostgreSQL.
func openChild(dir string) (*Journal, error) {
	if dsn := os.Getenv(envDSN); dsn != "" {
		return OpenPostgres(childContext(), dsn, "gw", Options{KeyFile: filepath.Join(dir, KeyName)})
	}
	return Open(dir, Options{MaxBytes: 40 << 10})
}

// headSeq is the number of the last durable line; only for when nothing is being written.
func (w *writer) headSeq() uint64 { return w.head.Seq }
