package torlab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"tamga/internal/child"
)

// node is one tor process.
type node struct {
	nick, dir                   string
	or, dirPort, socks, control int
	backends                    []string

	identity    string // v3 identity of an authority, hexadecimal
	fingerprint string // of an authority's relay key, hexadecimal

	process *child.Process
}

// config is what all nodes of a network share.
type config struct {
	interval    int
	start       time.Time
	authorities []*node
}

// torrc of a node. TestingTorNetwork already allows private addresses and lifts
// the rules on subnets and delays.
func (x *node) torrc(c config) string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	line("TestingTorNetwork 1")
	line("DataDirectory %s", x.dir)
	line("Nickname %s", x.nick)
	line("RunAsDaemon 0")
	line("Log notice file %s", filepath.Join(x.dir, "tor.log"))
	line("SafeLogging 0")
	line("LogTimeGranularity 1")
	line("ShutdownWaitLength 0")
	line("__OwningControllerProcess %d", os.Getpid())
	line("DisableDebuggerAttachment 0")
	line("UseDefaultFallbackDirs 0")
	line("PathsNeededToBuildCircuits 0.67")
	line("TestingClientMaxIntervalWithoutRequest 1")
	line("KISTSchedRunInterval 1 msec")
	for _, a := range c.authorities {
		line("DirAuthority %s orport=%d no-v2 v3ident=%s 127.0.0.1:%d %s", a.nick, a.or, a.identity, a.dirPort, a.fingerprint)
	}
	switch {
	case x.or != 0:
		line("SocksPort 0")
		line("Address 127.0.0.1")
		line("OutboundBindAddress 127.0.0.1")
		line("ORPort 127.0.0.1:%d", x.or)
		line("AssumeReachable 1")
		line("ServerDNSDetectHijacking 0")
		line("ServerDNSTestAddresses")
		line("ServerDNSResolvConfFile /dev/null")
		line("ExitRelay 0")
		line("ExitPolicy reject *:*")
	case x.socks != 0:
		line("SocksPort 127.0.0.1:%d IsolateSOCKSAuth ExtendedErrors", x.socks)
		line("ClientOnly 1")
	default:
		line("SocksPort 0")
		line("ClientOnly 1")
		for i, backend := range x.backends {
			line("HiddenServiceDir %s", x.onionDir(i))
			line("HiddenServiceVersion 3")
			line("HiddenServicePort 80 %s", backend)
		}
	}
	if x.control != 0 {
		line("ControlPort 127.0.0.1:%d", x.control)
		line("CookieAuthentication 1")
	}
	switch {
	case x.dirPort != 0:
		line("DirPort 127.0.0.1:%d", x.dirPort)
		line("AuthoritativeDirectory 1")
		line("V3AuthoritativeDirectory 1")
		line("ContactInfo lab@localhost.invalid")
		line("V3AuthVotingInterval 60") // also sets the onions' time period: 24 times this
		line("V3AuthVoteDelay 2")
		line("V3AuthDistDelay 2")
		line("V3AuthNIntervalsValid 3")
		line("TestingV3AuthInitialVotingInterval %d", c.interval)
		line("TestingV3AuthInitialVoteDelay 2")
		line("TestingV3AuthInitialDistDelay 2")
		// The first consensus comes one interval after the start instead of when
		// the wall clock divides.
		line("TestingV3AuthVotingStartOffset %d", (c.start.Unix()+int64(c.interval))%int64(c.interval))
		line("TestingAuthDirTimeToLearnReachability 0")
		line("TestingDirAuthVoteGuard *")
		line("TestingDirAuthVoteHSDir *")
		line("TestingMinExitFlagThreshold 0")
		line("TestingMinFastFlagThreshold 0")
		line("MinUptimeHidServDirectoryV2 0")
		line("AuthDirMaxServersPerAddr 0")
	case x.or != 0:
		// Else clients pick a relay as directory guard that has no descriptors yet.
		line("DirCache 0")
	}
	return b.String()
}

func (x *node) onionDir(i int) string { return filepath.Join(x.dir, fmt.Sprintf("onion%d", i)) }

func (n *Net) launch(x *node, c config) error {
	file := filepath.Join(x.dir, "torrc")
	if err := os.WriteFile(file, []byte(x.torrc(c)), 0o600); err != nil {
		return err
	}
	for i := range x.backends {
		if err := os.MkdirAll(x.onionDir(i), 0o700); err != nil {
			return err
		}
	}
	tor := exec.Command("tor", "-f", file, "--defaults-torrc", filepath.Join(x.dir, "none"), "--ignore-missing-torrc", "--quiet")
	var err error
	if x.process, err = child.Start(tor, filepath.Join(x.dir, "output")); err != nil {
		return fmt.Errorf("start tor %s: %w", x.nick, err)
	}
	n.nodes = append(n.nodes, x)
	return nil
}

// tail is the end of the node's log.
func (x *node) tail() string {
	b, err := os.ReadFile(filepath.Join(x.dir, "tor.log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}

// onions reads the host names that tor made.
func (x *node) onions(ctx context.Context) (names []string, err error) {
	for i := range x.backends {
		err := poll(ctx, 20*time.Second, func() (bool, error) {
			b, err := os.ReadFile(filepath.Join(x.onionDir(i), "hostname"))
			if name := strings.TrimSpace(string(b)); err == nil && strings.HasSuffix(name, ".onion") {
				names = append(names, name)
				return true, nil
			}
			return false, nil
		})
		if err != nil {
			return nil, fmt.Errorf("wait for the host name of onion %d: %w (%s)", i, err, x.tail())
		}
	}
	return names, nil
}
