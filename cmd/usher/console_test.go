package main

import (
	"testing"
	"time"

	"github.com/spf13/pflag"

	"usher/config"
)

func TestFlagsComeBeforeTheProfilesLimits(t *testing.T) {
	t.Parallel()
	quarter, day := config.Duration(15*time.Minute), config.Duration(8*time.Hour)
	for name, tc := range map[string]struct {
		args        []string
		profile     config.Profile
		lock, limit time.Duration
	}{
		"the profile's":    {nil, config.Profile{IdleLock: quarter, SessionLimit: day}, 15 * time.Minute, 8 * time.Hour},
		"switched off":     {nil, config.Profile{IdleLock: config.Off, SessionLimit: config.Off}, 0, 0},
		"a silent profile": {nil, config.Profile{}, 15 * time.Minute, 12 * time.Hour},
		"the flags'":       {[]string{"--lock-after", "1m", "--session-limit", "0"}, config.Profile{IdleLock: quarter, SessionLimit: day}, time.Minute, 0},
	} {
		f := &consoleFlags{}
		fs := pflag.NewFlagSet("usher", pflag.ContinueOnError)
		f.register(fs)
		if err := fs.Parse(tc.args); err != nil {
			t.Fatal(err)
		}
		f.follow(tc.profile)
		if f.lockAfter != tc.lock || f.sessionLimit != tc.limit {
			t.Errorf("%s: locks after %s, ends after %s", name, f.lockAfter, f.sessionLimit)
		}
	}
}
