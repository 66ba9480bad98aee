package ui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

func TestARateLimitIsCountedDownAndGoesAwayByItself(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a := New(t.Context(), Options{Now: func() time.Time { return now }, Profile: "p"})
	a.Update(tea.WindowSizeMsg{Width: 100, Height: 30})
	_, cmd := a.Update(WaitingMsg{Until: now.Add(7 * time.Second)})
	if cmd == nil || !strings.Contains(a.View().Content, "going on in 8 s") && !strings.Contains(a.View().Content, "going on in 7 s") {
		t.Fatalf("no countdown:\n%s", a.View().Content)
	}
	if _, again := a.Update(WaitingMsg{Until: now.Add(9 * time.Second)}); again != nil {
		t.Error("a second ticker was started")
	}
	now = now.Add(10 * time.Second)
	if _, cmd := a.Update(waitTick{}); cmd != nil || strings.Contains(a.View().Content, "going on") {
		t.Error("the countdown does not end")
	}
}

func TestASCIIScreensHoldNoOtherSigns(t *testing.T) {
	t.Parallel()
	a := New(t.Context(), Options{Now: time.Now, Profile: strings.Repeat("profile", 30), ASCII: true})
	a.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	for _, r := range a.View().Content {
		if r > 0x7e {
			t.Fatalf("the sign-in screen shows %q in ASCII mode", r)
		}
	}
}
