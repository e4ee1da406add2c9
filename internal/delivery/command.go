package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// environment is all that a command sees of ours: no token, passphrase or proxy.
var environment = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "TZ=UTC"}

// afterKill is how long pipes that a child of the command holds open are waited for.
const afterKill = 2 * time.Second

// Command runs a program for each alert, which it gets on standard input. No shell
// reads its arguments.
type Command struct {
	Argv    []string // the first is an absolute path
	Timeout time.Duration
}

// Check says what is wrong with the command line.
func (c Command) Check() error {
	switch {
	case len(c.Argv) == 0:
		return errors.New("an empty command")
	case !filepath.IsAbs(c.Argv[0]):
		return fmt.Errorf("command %q: want an absolute path", c.Argv[0])
	}
	return nil
}

// Send runs the command and waits for it. What exits with another code than 0, or
// not in time, has not taken the alert; the command and its children are then killed.
func (c Command) Send(ctx context.Context, alert []byte) error {
	if err := c.Check(); err != nil {
		return err
	}
	timeout := orDefault(c.Timeout)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var said tail
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(append(alert, '\n')), &said, &said
	cmd.Env, cmd.Dir = environment, "/"
	cmd.WaitDelay = afterKill
	ownGroup(cmd)
	err := cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = fmt.Errorf("not done in %s", timeout)
	case ctx.Err() != nil:
		err = ctx.Err()
	case errors.Is(err, exec.ErrWaitDelay): // it ended well, and left a child behind
		err = nil
	}
	if err == nil {
		return nil
	}
	if text := strings.Join(strings.Fields(string(said.b)), " "); text != "" {
		return fmt.Errorf("%s: %w: %.300q", c.Argv[0], err, text)
	}
	return fmt.Errorf("%s: %w", c.Argv[0], err)
}
