package journal

import "context"

func childContext() context.Context { return context.Background() }

// openChild opens a journal whose files are soon full.
func openChild(dir string) (*Journal, error) { return Open(dir, Options{MaxBytes: 40 << 10}) }
