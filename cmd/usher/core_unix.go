//go:build unix

package main

import "syscall"

// noCoreDumps keeps tokens out of a crash's file. A system that does not let it be set writes none or is told elsewhere.
func noCoreDumps() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }
