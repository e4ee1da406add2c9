//go:build !linux

package render

import (
	"errors"
	"net"
	"os/exec"
	"time"
)

const gateAddress = "127.0.0.1:1080"

var errLinux = errors.Join(ErrNamespace, errors.New("only Linux has them"))

type gate struct{}

func newGate() (*gate, error)                              { return nil, errLinux }
func (*gate) close()                                       {}
func (*gate) sent()                                        {}
func (*gate) child(*exec.Cmd, string)                      {}
func (*gate) listener(time.Duration) (net.Listener, error) { return nil, errLinux }
func profileDir() (string, error)                          { return "", errLinux }
func end(int)                                              {}
func held(int) int64                                       { return 0 }

// Check tells whether pages can be drawn here.
func Check() error { return errLinux }
