package torlab

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// control is a connection to a control port (control-spec).
type control struct {
	conn net.Conn
	r    *bufio.Reader
}

// dialControl waits for the port and authenticates with the cookie of the data
// folder.
func dialControl(ctx context.Context, addr, dir string) (*control, error) {
	var c *control
	err := poll(ctx, 20*time.Second, func() (bool, error) {
		cookie, err := os.ReadFile(filepath.Join(dir, "control_auth_cookie"))
		if err != nil {
			return false, nil
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
		if err != nil {
			return false, nil
		}
		c = &control{conn, bufio.NewReader(conn)}
		if _, err := c.ask("AUTHENTICATE " + hex.EncodeToString(cookie)); err != nil {
			conn.Close()
			return false, err
		}
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("control port %s: %w", addr, err)
	}
	return c, nil
}

// ask sends a command and returns the lines of its reply without their codes.
func (c *control) ask(command string) (lines []string, err error) {
	c.conn.SetDeadline(time.Now().Add(20 * time.Second))
	defer c.conn.SetDeadline(time.Time{})
	if _, err := fmt.Fprintf(c.conn, "%s\r\n", command); err != nil {
		return nil, err
	}
	for {
		line, err := c.line()
		if err != nil {
			return nil, err
		}
		if len(line) < 4 || line[:3] == "650" {
			continue // an event
		}
		if line[0] != '2' {
			return nil, fmt.Errorf("%s: %s", strings.Fields(command)[0], line)
		}
		switch line[3] {
		case '+':
			for {
				data, err := c.line()
				if err != nil {
					return nil, err
				}
				if data == "." {
					break
				}
				lines = append(lines, data)
			}
		case '-':
			lines = append(lines, line[4:])
		default:
			return lines, nil
		}
	}
}

func (c *control) line() (string, error) {
	s, err := c.r.ReadString('\n')
	return strings.TrimRight(s, "\r\n"), err
}

// published waits until two directories hold the descriptor of every onion: an
// onion that is asked for too early is refused, and not looked up again for a
// while.
func (x *node) published(ctx context.Context, onions []string, limit time.Duration) error {
	c, err := dialControl(ctx, fmt.Sprintf("127.0.0.1:%d", x.control), x.dir)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	if _, err := c.ask("SETEVENTS HS_DESC"); err != nil {
		return err
	}
	c.conn.SetDeadline(time.Now().Add(limit))
	stop := context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	missing := map[string]int{}
	for _, o := range onions {
		missing[strings.TrimSuffix(o, ".onion")] = 2
	}
	for len(missing) > 0 {
		line, err := c.line()
		if err != nil {
			return fmt.Errorf("wait for onion descriptors: %w (%s)", err, x.tail())
		}
		f := strings.Fields(line)
		if len(f) < 4 || f[1] != "HS_DESC" || f[2] != "UPLOADED" {
			continue
		}
		if missing[f[3]]--; missing[f[3]] <= 0 {
			delete(missing, f[3])
		}
	}
	return nil
}

// bootstrapped waits until a client can build circuits.
func (x *node) bootstrapped(ctx context.Context, limit time.Duration) error {
	c, err := dialControl(ctx, fmt.Sprintf("127.0.0.1:%d", x.control), x.dir)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	err = poll(ctx, limit, func() (bool, error) {
		lines, err := c.ask("GETINFO status/bootstrap-phase")
		return err == nil && len(lines) > 0 && strings.Contains(lines[0], "PROGRESS=100"), err
	})
	if err != nil {
		return fmt.Errorf("wait for the client to bootstrap: %w (%s)", err, x.tail())
	}
	return nil
}

// Circuits lists the client's circuits as GETINFO circuit-status prints them;
// SOCKS_USERNAME and REND_QUERY tell whose they are.
func (n *Net) Circuits(ctx context.Context) ([]string, error) {
	c, err := dialControl(ctx, n.Control, filepath.Join(n.dir, "client"))
	if err != nil {
		return nil, err
	}
	defer c.conn.Close()
	return c.ask("GETINFO circuit-status")
}
