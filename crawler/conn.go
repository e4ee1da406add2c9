package crawler

import (
	"bytes"
	"net"
	"sync"
)

// maxHead bounds a request or response head, in bytes.
const maxHead = 256 << 10

// conn keeps the heads of the exchange that is going on on a connection, byte
// for byte. HTTP/1.1 without pipelining: a write after a response head begins
// the next exchange.
type conn struct {
	net.Conn
	direct bool // dialled without a proxy: its remote address is the peer's

	mu       sync.Mutex // writes and reads come from two goroutines of net/http
	request  []byte
	response []byte
	complete bool // response holds a whole final head
}

func newConn(c net.Conn, direct bool) *conn { return &conn{Conn: c, direct: direct} }

func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	if c.complete {
		c.request, c.response, c.complete = nil, nil, false
	}
	if len(c.request) < maxHead {
		c.request = append(c.request, b...)
	}
	c.mu.Unlock()
	return c.Conn.Write(b)
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.mu.Lock()
		c.record(b[:n])
		c.mu.Unlock()
	}
	return n, err
}

func (c *conn) record(b []byte) {
	if c.complete || len(c.response) > maxHead {
		return
	}
	from := max(0, len(c.response)-3)
	c.response = append(c.response, b...)
	for {
		end := endOfHead(c.response, from)
		if end < 0 {
			return
		}
		if !interim(c.response) {
			c.response, c.complete = c.response[:end:end], true
			return
		}
		c.response, from = c.response[end:], 0
	}
}

// endOfHead is the length of the head in b, or -1; bare LF is tolerated, as by
// net/http. Nothing before from is looked at again.
func endOfHead(b []byte, from int) int {
	end := -1
	if i := bytes.Index(b[from:], []byte("\r\n\r\n")); i >= 0 {
		end = from + i + 4
	}
	if i := bytes.Index(b[from:], []byte("\n\n")); i >= 0 && (end < 0 || from+i+2 < end) {
		end = from + i + 2
	}
	return end
}

// interim: a 1xx response before the final one, other than 101.
func interim(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	_, status, ok := bytes.Cut(line, []byte(" "))
	return ok && len(status) >= 3 && status[0] == '1' && string(status[:3]) != "101"
}

// heads returns copies of what was recorded of the exchange so far.
func (c *conn) heads() (request, response []byte, peer string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.direct {
		if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
			peer = a.IP.String()
		}
	}
	if end := endOfHead(c.request, 0); end >= 0 {
		request = bytes.Clone(c.request[:end])
	}
	if c.complete {
		response = bytes.Clone(c.response)
	}
	return request, response, peer
}
