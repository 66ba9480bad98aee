//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// surviveFileSizeLimit has a write beyond the limit of a file's size fail, where it would end the program: the journal then
// refuses changes, and reads go on.
func surviveFileSizeLimit() { signal.Ignore(syscall.SIGXFSZ) }
