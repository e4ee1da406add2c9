// Package eslab starts a real Elasticsearch for tests: the server that
// scripts/elasticsearch.sh installs, on free ports of the loopback interface, in a
// folder of its own.
//
// Invariants:
//
//   - It listens on 127.0.0.1 only and keeps nothing: its folder goes with it.
//   - It ends with the test process, also if that is killed, and is ended by its
//     own pid.
//   - Where it is not installed, Start says so with ErrNotInstalled. A test then
//     is skipped as not run; it is never passed by a fake.
package eslab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"tamga/internal/child"
)

// ErrNotInstalled says that there is no server to start.
var ErrNotInstalled = errors.New("no Elasticsearch installed: run scripts/elasticsearch.sh")

// startLimit is how long a start may take where the context sets no limit. It
// takes 6 s on an idle machine.
const startLimit = 3 * time.Minute

// Server is a running Elasticsearch without security.
type Server struct {
	URL string // http://127.0.0.1:PORT

	dir     string
	own     bool // dir is ours to remove
	process *child.Process
}

// Home returns the folder of the installed server: TAMGA_ES_HOME, or
// .deps/elasticsearch beside the go.mod of the module around the working folder.
func Home() (string, error) {
	if home := os.Getenv("TAMGA_ES_HOME"); home != "" {
		return home, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			home := filepath.Join(dir, ".deps", "elasticsearch")
			// The stamp is written last.
			if _, err := os.Stat(filepath.Join(home, ".stamp")); err != nil {
				return "", ErrNotInstalled
			}
			return home, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", ErrNotInstalled
		}
		dir = parent
	}
}

// Start starts a server and returns when it answers. Its files are in dir; if dir
// is empty, in a temporary folder that Close removes. As root it runs as nobody,
// who then must be able to reach dir.
func Start(ctx context.Context, dir string) (*Server, error) {
	home, err := Home()
	if err != nil {
		return nil, err
	}
	java, err := javaHome()
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if dir == "" {
		if s.dir, err = os.MkdirTemp("", "eslab-"); err != nil {
			return nil, err
		}
		s.own = true
	}
	if err := s.start(ctx, home, java); err != nil {
		s.Close()
		return nil, fmt.Errorf("start Elasticsearch: %w", err)
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, home, java string) error {
	ports, err := child.FreePorts(2)
	if err != nil {
		return err
	}
	if err := s.configure(home, ports); err != nil {
		return err
	}
	if home, err = s.reachable(home); err != nil {
		return err
	}
	if err := s.run(home, java); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return s.ready(ctx, fmt.Sprintf("http://127.0.0.1:%d", ports[0]))
}

// configure writes the settings of the server into its folder.
func (s *Server) configure(home string, ports []int) error {
	for _, d := range []string{"config", "data", "logs", "tmp"} {
		if err := os.MkdirAll(filepath.Join(s.dir, d), 0o755); err != nil {
			return err
		}
	}
	for _, f := range []string{"jvm.options", "log4j2.properties"} {
		b, err := os.ReadFile(filepath.Join(home, "config", f))
		if err != nil {
			return fmt.Errorf("%w (%w)", ErrNotInstalled, err)
		}
		if err := os.WriteFile(filepath.Join(s.dir, "config", f), b, 0o644); err != nil {
			return err
		}
	}
	settings := fmt.Sprintf(`cluster.name: tamga-lab
node.name: lab
discovery.type: single-node
network.host: 127.0.0.1
http.port: %d
transport.port: %d
path.data: %q
path.logs: %q
xpack.security.enabled: false
xpack.security.enrollment.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
action.auto_create_index: false
`, ports[0], ports[1], filepath.Join(s.dir, "data"), filepath.Join(s.dir, "logs"))
	return os.WriteFile(filepath.Join(s.dir, "config", "elasticsearch.yml"), []byte(settings), 0o644)
}

// ready waits for the server to answer.
func (s *Server) ready(ctx context.Context, url string) error {
	client := &http.Client{Timeout: 10 * time.Second}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/_cluster/health?wait_for_status=yellow&timeout=5s", nil)
		if err != nil {
			return err
		}
		if res, err := client.Do(req); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				s.URL = url
				return nil
			}
		}
		select {
		case <-s.process.Exited:
			return fmt.Errorf("it ended at once:\n%s", s.process.Tail())
		case <-ctx.Done():
			return fmt.Errorf("%w; its last words:\n%s", ctx.Err(), s.process.Tail())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Close ends the server and removes its files, if their folder was its own.
func (s *Server) Close() error {
	var err error
	if s.process != nil {
		err = s.process.End(30 * time.Second)
	}
	if s.own {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// javaHome finds the JDK: ES_JAVA_HOME, JAVA_HOME, or where java is.
func javaHome() (string, error) {
	for _, env := range []string{"ES_JAVA_HOME", "JAVA_HOME"} {
		if home := os.Getenv(env); home != "" {
			return home, nil
		}
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return "", fmt.Errorf("%w (no java)", ErrNotInstalled)
	}
	if java, err = filepath.EvalSymlinks(java); err != nil {
		return "", err
	}
	return filepath.Dir(filepath.Dir(java)), nil
}
