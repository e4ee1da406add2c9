package render

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Limits of what a page may take from the network.
const (
	maxConnections = 64        // at a time
	maxTraffic     = 128 << 20 // bytes received, all connections together
	greetLimit     = 10 * time.Second
)

// relay is the SOCKS5 server (RFC 1928) that the browser has for a network: CONNECT
// alone, without authentication. Who is asked for, and by what way and under which
// user name, is up to dial.
type relay struct {
	ctx     context.Context
	dial    func(ctx context.Context, host, port string) (net.Conn, error)
	left    atomic.Int64 // bytes that may still come
	refused atomic.Int64 // connections
	slots   chan struct{}
	wg      sync.WaitGroup
}

func newRelay(ctx context.Context, dial func(ctx context.Context, host, port string) (net.Conn, error)) *relay {
	r := &relay{ctx: ctx, dial: dial, slots: make(chan struct{}, maxConnections)}
	r.left.Store(maxTraffic)
	return r
}

// serve accepts until the listener is closed, and then waits for the connections,
// which end with ctx.
func (r *relay) serve(l net.Listener) {
	defer r.wg.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		select {
		case r.slots <- struct{}{}:
		default:
			r.refused.Add(1)
			c.Close()
			continue
		}
		r.wg.Go(func() {
			defer func() { <-r.slots }()
			r.handle(c)
		})
	}
}

// SOCKS replies (RFC 1928 §6).
const (
	replyOK         = 0
	replyFailure    = 1
	replyNotAllowed = 2
	replyCommand    = 7
	replyAddress    = 8
)

func (r *relay) handle(c net.Conn) {
	defer c.Close()
	stop := context.AfterFunc(r.ctx, func() { c.Close() })
	defer stop()
	_ = c.SetDeadline(time.Now().Add(greetLimit))
	in := bufio.NewReader(c)
	host, port, reply, err := greet(in, c)
	if err != nil {
		if reply != 0 {
			_, _ = c.Write(answer(reply))
		}
		r.refused.Add(1)
		return
	}
	_ = c.SetDeadline(time.Time{})
	out, err := r.dial(r.ctx, host, port)
	if err != nil {
		r.refused.Add(1)
		code := byte(replyFailure)
		if errors.Is(err, ErrRefused) {
			code = replyNotAllowed
		}
		_, _ = c.Write(answer(code))
		return
	}
	defer out.Close()
	stopOut := context.AfterFunc(r.ctx, func() { out.Close() })
	defer stopOut()
	if _, err := c.Write(answer(replyOK)); err != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(out, in)
		if t, ok := out.(interface{ CloseWrite() error }); ok {
			_ = t.CloseWrite()
		}
	}()
	r.receive(c, out)
	c.Close()
	<-done
}

// receive copies to the browser, as far as the traffic of the page goes.
func (r *relay) receive(c, out net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := out.Read(buf)
		if r.left.Add(-int64(n)) < 0 {
			return
		}
		if n > 0 {
			if _, err := c.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func answer(code byte) []byte { return []byte{5, code, 0, 1, 0, 0, 0, 0, 0, 0} }

// greet reads the greeting and the request. reply is what is to be answered where
// there is an error; 0: nothing.
func greet(in *bufio.Reader, out io.Writer) (host, port string, reply byte, err error) {
	var b [4]byte
	if _, err := io.ReadFull(in, b[:2]); err != nil {
		return "", "", 0, err
	}
	if b[0] != 5 {
		return "", "", 0, fmt.Errorf("SOCKS version %d", b[0])
	}
	methods := make([]byte, b[1])
	if _, err := io.ReadFull(in, methods); err != nil {
		return "", "", 0, err
	}
	if _, err := out.Write([]byte{5, 0}); err != nil {
		return "", "", 0, err
	}
	if _, err := io.ReadFull(in, b[:4]); err != nil {
		return "", "", 0, err
	}
	if b[0] != 5 {
		return "", "", 0, fmt.Errorf("SOCKS version %d", b[0])
	}
	if b[1] != 1 { // CONNECT; no BIND, and no UDP at all
		return "", "", replyCommand, fmt.Errorf("SOCKS command %d", b[1])
	}
	size := 0
	switch b[3] {
	case 1:
		size = 4
	case 4:
		size = 16
	case 3:
		n, err := in.ReadByte()
		if err != nil {
			return "", "", 0, err
		}
		size = int(n)
	}
	if size == 0 {
		return "", "", replyAddress, fmt.Errorf("SOCKS address type %d", b[3])
	}
	a := make([]byte, size+2)
	if _, err := io.ReadFull(in, a); err != nil {
		return "", "", 0, err
	}
	port = strconv.Itoa(int(a[size])<<8 | int(a[size+1]))
	if b[3] == 3 {
		return string(a[:size]), port, 0, nil
	}
	ip, _ := netip.AddrFromSlice(a[:size])
	return ip.Unmap().String(), port, 0, nil
}
