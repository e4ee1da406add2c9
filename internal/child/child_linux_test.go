package child

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asParent in the environment makes the test binary a parent that leaves its child
// behind.
const asParent = "TAMGA_CHILD_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asParent); dir != "" {
		p, err := Start(exec.Command("sleep", "600"), filepath.Join(dir, "output"))
		if err != nil {
			panic(err)
		}
		os.WriteFile(filepath.Join(dir, "pid"), []byte(strconv.Itoa(p.cmd.Process.Pid)), 0o600)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	os.Exit(m.Run())
}

func TestEnd(t *testing.T) {
	for name, script := range map[string]string{
		"asked":    `echo started; exec sleep 600`,
		"stubborn": `trap "" TERM INT; echo started; while :; do sleep 1; done`,
	} {
		t.Run(name, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), "output")
			cmd := exec.Command("sh", "-c", script)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			p, err := Start(cmd, output)
			if err != nil {
				t.Fatal(err)
			}
			for p.Tail() == "" {
				time.Sleep(5 * time.Millisecond)
			}
			if err := p.End(300 * time.Millisecond); err != nil {
				t.Fatal(err)
			}
			select {
			case <-p.Exited:
			default:
				t.Error("not gone")
			}
			if err := syscall.Kill(-cmd.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) && name == "asked" {
				t.Errorf("its process group: %v", err)
			}
			if got := strings.TrimSpace(p.Tail()); got != "started" {
				t.Errorf("output %q", got)
			}
			if err := p.End(time.Second); err != nil {
				t.Errorf("a second time: %v", err)
			}
		})
	}
}

func TestEndsWithParent(t *testing.T) {
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), asParent+"="+dir)
	parent.Run()
	b, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(b))
	if err != nil {
		t.Fatal(err)
	}
	// An orphan that is dead but not yet waited for by the init of this system is gone.
	for gone := false; !gone; time.Sleep(5 * time.Millisecond) {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		gone = err != nil || strings.Contains(string(b), ") Z ")
	}
}

func TestStartFails(t *testing.T) {
	if _, err := Start(exec.Command(filepath.Join(t.TempDir(), "none")), filepath.Join(t.TempDir(), "output")); err == nil {
		t.Error("started nothing")
	}
}

func TestFreePorts(t *testing.T) {
	ports, err := FreePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range ports {
		if p <= 0 || seen[p] {
			t.Errorf("port %d", p)
		}
		seen[p] = true
	}
}
