//go:build linux

// Command bench measures usher and, beside it, the least Bubble Tea program, in one run in a pseudo-terminal at 120x40,
// and prints each figure beside its target. Then it does the same for usher ssh and the least SSH server of such programs.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"usher/ui/uitest/ptyrun"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 6 && os.Args[1] == "-attack":
		err = attack(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
	case len(os.Args) == 4 && os.Args[1] == "-ssh":
		err = measureSSH(os.Args[2], os.Args[3], sshLoad, sshAttacks)
	case len(os.Args) == 4 && os.Args[1] == "-ssh-load":
		err = measureSSH(os.Args[2], os.Args[3], sshLoad)
	case len(os.Args) == 4 && os.Args[1] == "-ssh-attacks":
		err = measureSSH(os.Args[2], os.Args[3], sshAttacks)
	case len(os.Args) == 4:
		if err = measure(os.Args[1], os.Args[2]); err == nil {
			err = measureSSH(os.Args[1], os.Args[3], sshLoad, sshAttacks)
		}
	default:
		fmt.Fprintln(os.Stderr, "usage: bench USHER FLOOR FLOORSSH, or for SSH alone: bench -ssh|-ssh-load|-ssh-attacks USHER FLOORSSH")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func row(name string, got float64, unit, target string) {
	fmt.Printf("%-60s %9.2f %-6s target %s\n", name, got, unit, target)
}

func measure(usher, floor string) error {
	floorPaint, err := paint(floor, nil, "users", false)
	if err != nil {
		return err
	}
	console, issuer, stop, err := tenantAndConsole(usher)
	if err != nil {
		return err
	}
	defer stop()
	usherPaint, err := paint(usher, console, `usher`, false)
	if err != nil {
		return err
	}
	silent, err := paint(usher, console, `usher`, true)
	if err != nil {
		return err
	}
	row("start to first full frame, floor", floorPaint, "ms", "")
	row("start to first full frame, usher", usherPaint, "ms", fmt.Sprintf("%.1f (1.3 x floor)", 1.3*floorPaint))
	row("the same on a silent terminal", silent, "ms", fmt.Sprintf("%.1f (1.1 x answering)", 1.1*usherPaint))

	var version []float64
	for range 11 {
		t := time.Now()
		if err := exec.Command(usher, "version").Run(); err != nil {
			return fmt.Errorf("usher version: %w", err)
		}
		version = append(version, ms(t))
	}
	row("usher version", median(version), "ms", "12")

	if err := firstPage(usher); err != nil {
		return err
	}
	floorKeys, err := keys(floor, nil, "")
	if err != nil {
		return err
	}
	got, err := keys(usher, console, issuer)
	if err != nil {
		return err
	}
	slow, err := keys(usher, append(console[:len(console):len(console)], "--slow-line"), issuer)
	if err != nil {
		return err
	}
	row("one cursor key, floor", floorKeys.bytes, "bytes", "")
	row("one cursor key, usher", got.bytes, "bytes", "330")
	row("one cursor key on a slow line", slow.bytes, "bytes", "60")
	row("one scrolled row, usher", got.scrolled, "bytes", "450")
	row("key to first byte p95, floor", floorKeys.p95, "ms", "")
	row("key to first byte p95, usher", got.p95, "ms", fmt.Sprintf("%.1f (1.2 x floor)", 1.2*floorKeys.p95))
	row("idle for 5 s: output", got.idleBytes, "bytes", "0")
	row("idle for 5 s: share of a core, floor", floorKeys.idleCPU, "%", "")
	row("idle for 5 s: share of a core, usher", got.idleCPU, "%", "0.3")
	row("peak memory with 1,000 users loaded", got.rss, "MB", "30")
	if err := browse(usher, console, issuer); err != nil {
		return err
	}
	info, err := os.Stat(usher)
	if err != nil {
		return fmt.Errorf("size of the program: %w", err)
	}
	row("stripped binary", float64(info.Size())/1e6, "MB", "22")
	return nil
}

// tenantAndConsole starts a tenant of its own process, so that the console's memory is measured alone.
func tenantAndConsole(usher string) (args []string, issuer string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "usher-bench-")
	if err != nil {
		return nil, "", nil, fmt.Errorf("make a folder: %w", err)
	}
	config := filepath.Join(dir, "config.toml")
	info := filepath.Join(dir, "info.json")
	cmd := exec.Command(usher, "tenant", "--plan", "unlimited", "--info", info, "--write-config", config)
	if err := cmd.Start(); err != nil {
		return nil, "", nil, fmt.Errorf("start a tenant: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	for range 400 {
		if _, err := os.Stat(config); err == nil {
			data, err := os.ReadFile(info)
			if err != nil {
				stop()
				return nil, "", nil, fmt.Errorf("read the tenant's address: %w", err)
			}
			var t struct{ Issuer string }
			if err := json.Unmarshal(data, &t); err != nil {
				stop()
				return nil, "", nil, fmt.Errorf("read the tenant's address: %w", err)
			}
			return []string{"--config", config, "--profile", "local"}, t.Issuer, stop, nil
		}
		<-time.After(10 * time.Millisecond)
	}
	stop()
	return nil, "", nil, fmt.Errorf("the tenant did not start within 4 s")
}

func start(program string, args []string, silent bool) (*ptyrun.Program, error) {
	return ptyrun.Start(ptyrun.Options{Command: program, Args: args, Cols: 120, Rows: 40, Silent: silent, Env: []string{"USHER_TOKEN_STORE=memory"}})
}

func paint(program string, args []string, expr string, silent bool) (float64, error) {
	var all []float64
	for range 7 {
		t := time.Now()
		p, err := start(program, args, silent)
		if err != nil {
			return 0, err
		}
		if err := p.Expect(expr, 10*time.Second); err != nil {
			return 0, err
		}
		all = append(all, ms(t))
		_ = p.Close()
	}
	return median(all), nil
}

func firstPage(usher string) error {
	var all []float64
	for range 3 {
		t := time.Now()
		p, err := start(usher, []string{"demo", "--approve"}, false)
		if err != nil {
			return err
		}
		if err := p.Expect(`\d+\+? users`, 20*time.Second); err != nil {
			return err
		}
		all = append(all, ms(t)/1000)
		_ = p.Close()
	}
	row("demo --approve to the first page of users", median(all), "s", "1.5")
	return nil
}

type keyFigures struct{ bytes, scrolled, p95, idleBytes, idleCPU, rss float64 }

// keys measures a program at rest and under keys. With an issuer the program is usher, and is signed in first.
func keys(program string, args []string, issuer string) (keyFigures, error) {
	var k keyFigures
	p, err := start(program, args, false)
	if err != nil {
		return k, err
	}
	defer p.Close() //nolint:errcheck // measured already
	if issuer != "" {
		if err := approve(p, issuer); err != nil {
			return k, err
		}
	}
	if err := p.Expect(`users`, 20*time.Second); err != nil {
		return k, err
	}
	_ = p.Quiet(600*time.Millisecond, 10*time.Second)
	p.Mark()
	c0 := cpu(p.Pid())
	<-time.After(5 * time.Second)
	k.idleBytes = float64(len(p.Written()))
	k.idleCPU = (cpu(p.Pid()) - c0) / 5000 * 100
	if k.bytes, k.p95, err = press(p, 20); err != nil {
		return k, err
	}
	// Past the bottom of the screen each further key scrolls by a row; then on to the thousandth user.
	if _, _, err = press(p, 18); err != nil {
		return k, err
	}
	_ = p.Quiet(300*time.Millisecond, 5*time.Second)
	if k.scrolled, _, err = press(p, 4); err != nil {
		return k, err
	}
	for range 60 {
		if err := p.Send("G"); err != nil {
			return k, err
		}
		_ = p.Quiet(60*time.Millisecond, 2*time.Second)
	}
	k.rss = peak(p.Pid())
	return k, nil
}

// approve reads the code off the sign-in screen and approves it at the local tenant, as a browser would.
func approve(p *ptyrun.Program, issuer string) error {
	code := regexp.MustCompile(`[A-Z]{4}-[A-Z]{4}`)
	if err := p.Expect(code.String(), 10*time.Second); err != nil {
		return err
	}
	if err := approveCode(issuer, code.FindString(p.Screen())); err != nil {
		return err
	}
	return p.Expect(`\d+\+? users`, 20*time.Second)
}

func approveCode(issuer, code string) error {
	body := fmt.Sprintf(`{"user_code":%q,"preset":"admin"}`, code)
	res, err := http.Post(issuer+"_usher/approve", "application/json", strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("approve the sign-in: %w", err)
	}
	_ = res.Body.Close()
	if res.StatusCode >= 300 {
		return fmt.Errorf("approve the sign-in: HTTP %d", res.StatusCode)
	}
	return nil
}

// press sends "j" n times, each when the screen is quiet, and gives the mean bytes and the p95 of key to first byte.
func press(p *ptyrun.Program, n int) (bytes, p95 float64, err error) {
	var lat []float64
	total := 0
	for range n {
		p.Mark()
		t := time.Now()
		if err := p.Send("j"); err != nil {
			return 0, 0, err
		}
		for len(p.Written()) == 0 && time.Since(t) < time.Second {
			<-time.After(100 * time.Microsecond)
		}
		lat = append(lat, ms(t))
		_ = p.Quiet(40*time.Millisecond, time.Second)
		total += len(p.Written())
	}
	slices.Sort(lat)
	return float64(total) / float64(n), lat[len(lat)*95/100], nil
}

func ms(t time.Time) float64 { return float64(time.Since(t).Microseconds()) / 1000 }

func median(v []float64) float64 { return percentile(v, 50) }

func percentile(v []float64, p int) float64 {
	slices.Sort(v)
	return v[min(len(v)*p/100, len(v)-1)]
}

// cpu is the milliseconds of processor time a process used, from its threads' schedstat.
func cpu(pid int) float64 {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	total := 0.0
	for _, f := range files {
		b, _ := os.ReadFile(f)
		if fields := strings.Fields(string(b)); len(fields) > 0 {
			ns, _ := strconv.ParseFloat(fields[0], 64)
			total += ns / 1e6
		}
	}
	return total
}

// peak is a process's peak resident memory in MB.
func peak(pid int) float64 { return status(pid, "VmHWM:") }

// status is a figure of a process's memory in MB.
func status(pid int, name string) float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for l := range strings.Lines(string(b)) {
		if f := strings.Fields(l); len(f) > 1 && f[0] == name {
			kb, _ := strconv.ParseFloat(f[1], 64)
			return kb / 1024
		}
	}
	return 0
}
