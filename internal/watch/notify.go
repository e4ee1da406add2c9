package watch

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Notifier tells systemd how the service is (sd_notify(3)): one datagram of
// NAME=VALUE lines to the socket that NOTIFY_SOCKET names.
type Notifier struct{ socket string }

// NewNotifier takes the value of NOTIFY_SOCKET; without one it does nothing.
func NewNotifier(socket string) *Notifier {
	if strings.HasPrefix(socket, "@") { // an abstract socket
		socket = "\x00" + socket[1:]
	}
	return &Notifier{socket}
}

// Send sends lines like READY=1.
func (n *Notifier) Send(lines ...string) error {
	if n.socket == "" {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	defer c.Close()
	if _, err := c.Write([]byte(strings.Join(lines, "\n") + "\n")); err != nil {
		return fmt.Errorf("notify systemd: %w", err)
	}
	return nil
}

// Reloading tells that the settings are read again, until the next READY=1; with
// the time at which that began, as Type=notify-reload wants it.
func (n *Notifier) Reloading() error {
	lines := []string{"RELOADING=1"}
	if at, ok := monotonic(); ok {
		lines = append(lines, "MONOTONIC_USEC="+strconv.FormatInt(at.Microseconds(), 10))
	}
	return n.Send(lines...)
}

// WatchdogEvery is how often systemd wants a sign of life, halved as
// sd_watchdog_enabled(3) advises, from the value of WATCHDOG_USEC; 0: never.
func WatchdogEvery(usec string) time.Duration {
	n, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || n <= 0 || n > int64(24*time.Hour/time.Microsecond) {
		return 0
	}
	return time.Duration(n) * time.Microsecond / 2
}
