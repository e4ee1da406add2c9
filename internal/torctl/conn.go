package torctl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Bounds of what is read. A busy client's circuit-status is some 300 bytes a
// circuit.
const (
	maxLine   = 64 << 10 // bytes
	maxReply  = 4 << 20  // bytes of one reply
	maxEvents = 4096     // that wait for Event
)

// answerTime is how long an answer may take: Tor answers from memory.
const answerTime = 20 * time.Second

// Conn is a connection to a control port. It is not safe for concurrent use.
type Conn struct {
	net    net.Conn
	r      *bufio.Reader
	local  bool // the other end is on this machine
	broken error
	events []string
}

// Dial connects to host:port, or to a socket of the file system as unix:PATH,
// and says nothing yet.
func Dial(ctx context.Context, addr string) (*Conn, error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	c, err := (&net.Dialer{Timeout: answerTime}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, fmt.Errorf("reach Tor's control port: %w", err)
	}
	return newConn(c), nil
}

func newConn(c net.Conn) *Conn {
	local := c.RemoteAddr().Network() == "unix"
	if tcp, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		local = tcp.IP.IsLoopback()
	}
	return &Conn{net: c, r: bufio.NewReaderSize(c, 4096), local: local}
}

// Close closes the connection.
func (c *Conn) Close() error { return c.net.Close() }

// Error is a reply that refuses; its code is 4xx or 5xx (control-spec §4).
type Error struct {
	Code int
	Text string
}

func (e *Error) Error() string { return fmt.Sprintf("tor answers %d %s", e.Code, e.Text) }

// Line is one line of a reply without its code, with the data that follow it.
type Line struct {
	Text string
	Data []string
}

// errBroken: what came is not the protocol.
var errBroken = errors.New("not the protocol of a Tor control port")

// Ask sends one command and reads its reply; err is an *Error where Tor refuses.
func (c *Conn) Ask(ctx context.Context, command string) ([]Line, error) {
	if c.broken != nil {
		return nil, c.broken
	}
	if strings.ContainsAny(command, "\r\n") {
		return nil, errors.New("a command is one line")
	}
	defer c.within(ctx, answerTime)()
	if _, err := io.WriteString(c.net, command+"\r\n"); err != nil {
		return nil, c.fail(ctx, err)
	}
	for {
		code, lines, err := c.reply()
		switch {
		case err != nil:
			return nil, c.fail(ctx, err)
		case code/100 == 6:
			if len(c.events) < maxEvents {
				c.events = append(c.events, lines[0].Text)
			}
		case code/100 == 2:
			return lines, nil
		default:
			return nil, &Error{code, lines[len(lines)-1].Text}
		}
	}
}

// Subscribe asks for events by name; they are read with Event.
func (c *Conn) Subscribe(ctx context.Context, names ...string) error {
	_, err := c.Ask(ctx, "SETEVENTS "+strings.Join(names, " "))
	return err
}

// Event waits for the next event until ctx ends: its first line without the code.
func (c *Conn) Event(ctx context.Context) (string, error) {
	if len(c.events) > 0 {
		e := c.events[0]
		c.events = c.events[1:]
		return e, nil
	}
	if c.broken != nil {
		return "", c.broken
	}
	defer c.within(ctx, 0)()
	for {
		code, lines, err := c.reply()
		if err != nil {
			return "", c.fail(ctx, err)
		}
		if code/100 == 6 {
			return lines[0].Text, nil
		}
	}
}

// within bounds what follows by ctx and, above 0, by a time.
func (c *Conn) within(ctx context.Context, limit time.Duration) (done func()) {
	var at time.Time
	if limit > 0 {
		at = time.Now().Add(limit)
	}
	c.net.SetDeadline(at)
	stop := context.AfterFunc(ctx, func() { c.net.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}

// fail ends the connection: after half a reply nothing can be read from it.
func (c *Conn) fail(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	c.broken = fmt.Errorf("ask Tor's control port: %w", err)
	c.net.Close()
	return c.broken
}

// reply reads one whole reply: lines of one code, the last with a space after it.
func (c *Conn) reply() (code int, lines []Line, err error) {
	left := maxReply
	for {
		line, err := c.line(&left)
		if err != nil {
			return 0, nil, err
		}
		if len(line) < 4 {
			return 0, nil, fmt.Errorf("%w: %.40q", errBroken, line)
		}
		n, err := strconv.ParseUint(line[:3], 10, 16)
		if err != nil || n < 200 || code != 0 && int(n) != code {
			return 0, nil, fmt.Errorf("%w: %.40q", errBroken, line)
		}
		code = int(n)
		l := Line{Text: line[4:]}
		switch line[3] {
		case ' ':
			return code, append(lines, l), nil
		case '-':
		case '+':
			for {
				data, err := c.line(&left)
				if err != nil {
					return 0, nil, err
				}
				if data == "." {
					break
				}
				l.Data = append(l.Data, strings.TrimPrefix(data, "."))
			}
		default:
			return 0, nil, fmt.Errorf("%w: %.40q", errBroken, line)
		}
		lines = append(lines, l)
	}
}

// line reads up to the end of a line and takes its length off what is left.
func (c *Conn) line(left *int) (string, error) {
	var b []byte
	for {
		part, err := c.r.ReadSlice('\n')
		b = append(b, part...)
		if *left -= len(part) + 1; *left < 0 || len(b) > maxLine {
			return "", fmt.Errorf("%w: more than %d bytes a line or %d a reply", errBroken, maxLine, maxReply)
		}
		if err == nil {
			return strings.TrimRight(string(b), "\r\n"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return "", err
		}
	}
}
