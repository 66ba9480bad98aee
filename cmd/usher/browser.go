package main

import (
	"fmt"
	"io"

	"github.com/pkg/browser"
)

// openBrowser opens url in the operator's browser; the browser's own chatter stays off the screen.
func openBrowser(url string) error {
	browser.Stdout, browser.Stderr = io.Discard, io.Discard
	if err := browser.OpenURL(url); err != nil {
		return fmt.Errorf("open a browser: %w", err)
	}
	return nil
}
