package torlab

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tamga/internal/torctl"
)

// ask connects to a control port as soon as it answers: the cookie and the port
// come a moment after the process.
func ask(ctx context.Context, addr string) (*torctl.Conn, error) {
	var c *torctl.Conn
	var last error
	err := poll(ctx, 20*time.Second, func() (bool, error) {
		if c, last = torctl.Dial(ctx, addr); last != nil {
			return false, nil
		}
		if last = c.Authenticate(ctx, "", nil); last != nil {
			c.Close()
			return false, nil
		}
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("control port %s: %w (%w)", addr, err, last)
	}
	return c, nil
}

func (x *node) ask(ctx context.Context) (*torctl.Conn, error) {
	return ask(ctx, fmt.Sprintf("127.0.0.1:%d", x.control))
}

// published waits until two directories hold the descriptor of every onion: an
// onion that is asked for too early is refused, and not looked up again for a
// while.
func (x *node) published(ctx context.Context, onions []string, limit time.Duration) error {
	c, err := x.ask(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Subscribe(ctx, "HS_DESC"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	missing := map[string]int{}
	for _, o := range onions {
		missing[strings.TrimSuffix(o, ".onion")] = 2
	}
	for len(missing) > 0 {
		line, err := c.Event(ctx)
		if err != nil {
			return fmt.Errorf("wait for onion descriptors: %w (%s)", err, x.tail())
		}
		f := strings.Fields(line)
		if len(f) < 3 || f[0] != "HS_DESC" || f[1] != "UPLOADED" {
			continue
		}
		if missing[f[2]]--; missing[f[2]] <= 0 {
			delete(missing, f[2])
		}
	}
	return nil
}

// bootstrapped waits until a client can build circuits.
func (x *node) bootstrapped(ctx context.Context, limit time.Duration) error {
	c, err := x.ask(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	err = poll(ctx, limit, func() (bool, error) {
		b, err := c.Bootstrap(ctx)
		return b.Progress == 100, err
	})
	if err != nil {
		return fmt.Errorf("wait for the client to bootstrap: %w (%s)", err, x.tail())
	}
	return nil
}

// Circuits lists the client's circuits.
func (n *Net) Circuits(ctx context.Context) ([]torctl.Circuit, error) {
	c, err := ask(ctx, n.Control)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Circuits(ctx)
}
