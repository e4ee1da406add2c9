package render

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// probing wants to be seen: by WebRTC, by this machine's own services, by DNS, by what
// outlives the page, by leaving it, and by doing more than reading.
const probing = `<!doctype html><title>probe</title><link rel="dns-prefetch" href="//prefetch.example"><link rel=preconnect href="http://preconnect.example">
<link rel=prefetch href="http://%[1]s/prefetch"><img src="http://%[1]s/img"><iframe src="http://%[1]s/frame"></iframe><iframe src="file:///etc/passwd"></iframe>
<img src="http://demo.example/redirect-private"><img src="http://demo.example/redirect-file"><a id=down href="/secret.bin" download>d</a><a id=ping href="#x" ping="/ping">p</a>
<form id=form method=post action="/order-form"><input name=a></form><p id=done>no</p><p id=seen></p>
<iframe sandbox="allow-scripts" srcdoc="<script>fetch('http://demo.example/order-srcdoc',{method:'POST',mode:'no-cors',body:'x'});fetch('http://%[1]s/srcdoc',{mode:'no-cors'});try{new WebSocket('ws://%[1]s/srcdoc')}catch(e){}</script>"></iframe>
<iframe src="data:text/html,<script>fetch('http://demo.example/order-data',{method:'POST',mode:'no-cors',body:'x'})</script>"></iframe>
<script>
fetch("http://%[1]s/fetch", {mode: "no-cors"}).catch(() => {});
fetch("http://localhost:%[3]s/localhost", {mode: "no-cors"}).catch(() => {});
fetch("http://[::1]:%[3]s/six", {mode: "no-cors"}).catch(() => {});
fetch("file:///etc/passwd").then(r => r.text()).then(t => { document.getElementById("seen").textContent = t }).catch(() => {});
fetch("/order", {method: "POST", body: "x"}).catch(() => {});
fetch("/redirect-private").catch(() => {});
try { const x = new XMLHttpRequest(); x.open("POST", "/order-xhr", false); x.send("x") } catch (e) {}
try { new WebSocket("ws://%[1]s/socket") } catch (e) {}
try { new EventSource("http://%[1]s/events") } catch (e) {}
try { navigator.sendBeacon("/order-beacon", "x") } catch (e) {}
try { navigator.serviceWorker.register("/sw.js").catch(() => {}) } catch (e) {}
try { new Worker(URL.createObjectURL(new Blob(["fetch('http://demo.example/order-worker',{method:'POST',mode:'no-cors',body:'x'});fetch('http://%[1]s/worker',{mode:'no-cors'});try{new WebSocket('ws://%[1]s/worker')}catch(e){}"]))) } catch (e) {}
try { window.open("http://demo.example/popup"); window.open("http://%[1]s/popup") } catch (e) {}
document.getElementById("down").click(); document.getElementById("ping").click();
try { document.getElementById("form").submit() } catch (e) {}
try {
	const pc = new RTCPeerConnection({iceServers: [{urls: "stun:%[2]s"}, {urls: "stun:192.0.2.1:3478"}]});
	pc.createDataChannel("x"); pc.createOffer().then(o => pc.setLocalDescription(o));
	document.getElementById("done").textContent = "webrtc";
} catch (e) { document.getElementById("done").textContent = "no webrtc" }
</script>`

// own are services of this machine that no page may reach.
type own struct {
	tcp, udp               string
	connections, datagrams atomic.Int64
}

func newOwn(t *testing.T) *own {
	o := &own{}
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew { // Chromium may give a connection up before it asks
			o.connections.Add(1)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	stun, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stun.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			if _, _, err := stun.ReadFrom(b); err != nil {
				return
			}
			o.datagrams.Add(1)
		}
	}()
	o.tcp, o.udp = srv.Listener.Addr().String(), stun.LocalAddr().String()
	return o
}

func (o *own) page() string {
	_, port, _ := net.SplitHostPort(o.tcp)
	return fmt.Sprintf(probing, o.tcp, o.udp, port)
}

// TestNothingLeaves draws a page that probes, with every fence and with none but the
// namespace: nothing reaches this machine's services, no packet but those of the way
// out is seen in the namespace, and what comes to the way out only reads.
func TestNothingLeaves(t *testing.T) {
	able(t)
	for _, bare := range []bool{false, true} {
		t.Run(fmt.Sprintf("bare %v", bare), func(t *testing.T) {
			t.Parallel()
			var a asked
			o := newOwn(t)
			p := demo(t, &a, o.page())
			p.Scripts, p.Images = true, true
			p.Allow = func(string, string) error { return nil } // the connections are what is looked at
			var seen counters
			var packets *tap
			b := &Browser{bare: bare,
				started: func(pid int) {
					if os.Geteuid() == 0 {
						packets = listen(t, pid)
					}
				},
				inspect: func(pid int) {
					time.Sleep(2 * time.Second) // WebRTC goes on trying
					seen = countersOf(t, pid)
				},
			}
			d, err := b.Draw(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			if n, m := o.connections.Load(), o.datagrams.Load(); n != 0 || m != 0 {
				t.Errorf("%d connections and %d datagrams reached this machine", n, m)
			}
			if seen.sending != "lo" {
				t.Errorf("interfaces that sent: %s", seen.sending)
			}
			out, within := packets.close()
			if packets == nil {
				t.Log("packets not looked at: only the superuser may; the counters are those of the kernel")
			}
			t.Logf("counters %+v, packets %v, asked %q", seen, within, a.all)
			if len(out) != 0 {
				t.Errorf("packets outside: %v", out)
			}
			if packets != nil && within["tcp 1080"] == 0 {
				t.Errorf("no packet of the way out was seen: %v", within)
			}
			if a.has("POST") || a.has("/secret.bin") || a.has("/popup") || a.has("/ping") || a.has("/sw.js") {
				t.Errorf("asked: %q", a.all)
			}
			if bytes.Contains(d.DOM, []byte("root:")) {
				t.Errorf("a file of this machine was read: %s", d.DOM)
			}
			if bare {
				if !bytes.Contains(d.DOM, []byte(">webrtc<")) || seen.noRoute+seen.datagrams == 0 {
					t.Errorf("the page did not try: counters %+v, %s", seen, d.DOM)
				}
				return
			}
			for what, n := range within {
				if what != "tcp 1080" && what != "icmp" {
					t.Errorf("%d packets %s", n, what)
				}
			}
			if seen.datagrams != 0 {
				t.Errorf("counters: %+v", seen)
			}
			// The page did try: what it wanted came to the relay, and was refused.
			if !a.has("dial "+o.tcp) || d.Refused == 0 {
				t.Errorf("asked %q, refused %d", a.all, d.Refused)
			}
		})
	}
}

// counters are those of the network namespace of a process (/proc/PID/net).
type counters struct {
	sending            string // interfaces that sent a packet
	datagrams, noRoute int
}

func countersOf(t *testing.T, pid int) (c counters) {
	t.Helper()
	dir := filepath.Join("/proc", strconv.Itoa(pid), "net")
	dev, err := os.ReadFile(filepath.Join(dir, "dev"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, line := range strings.Split(string(dev), "\n")[2:] {
		name, rest, ok := strings.Cut(line, ":")
		if f := strings.Fields(rest); ok && len(f) > 9 && f[9] != "0" { // packets sent
			names = append(names, strings.TrimSpace(name))
		}
	}
	c.sending = strings.Join(names, " ")
	snmp, err := os.ReadFile(filepath.Join(dir, "snmp"))
	if err != nil {
		t.Fatal(err)
	}
	head := map[string][]string{}
	for line := range strings.Lines(string(snmp)) {
		f := strings.Fields(line)
		if head[f[0]] == nil {
			head[f[0]] = f
			continue
		}
		for i, name := range head[f[0]] {
			n, _ := strconv.Atoi(f[i])
			switch f[0] + name {
			case "Udp:OutDatagrams":
				c.datagrams = n
			case "Ip:OutNoRoutes":
				c.noRoute = n
			}
		}
	}
	return c
}

// tap sees every packet of a network namespace, on any of its interfaces.
type tap struct {
	fd   int
	done sync.WaitGroup
	mu   sync.Mutex
	stop bool
	out  []string       // to elsewhere than loopback
	seen map[string]int // by protocol and the port that is not a passing one
}

// listen opens a packet socket in the namespace of a process; only the superuser may.
func listen(t *testing.T, pid int) *tap {
	t.Helper()
	p := &tap{fd: -1, seen: map[string]int{}}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		ready <- p.open(pid)
	}()
	if err := <-ready; err != nil {
		t.Fatalf("see the packets of the namespace: %v", err)
	}
	p.done.Go(p.read)
	return p
}

func (p *tap) open(pid int) error {
	users, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return err
	}
	defer users.Close()
	if err := unix.Setns(int(users.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	all := binary.BigEndian.Uint16([]byte{0, unix.ETH_P_ALL})
	if p.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(binary.NativeEndian.Uint16([]byte{byte(all >> 8), byte(all)}))); err != nil {
		return err
	}
	return unix.SetsockoptTimeval(p.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 200_000})
}

func (p *tap) read() {
	b := make([]byte, 64<<10)
	for {
		n, from, err := unix.Recvfrom(p.fd, b, 0)
		if err == unix.EAGAIN || err == unix.EINTR {
			p.mu.Lock()
			closed := p.stop
			p.mu.Unlock()
			if closed {
				return
			}
			continue
		}
		if err != nil {
			return
		}
		if ll, ok := from.(*unix.SockaddrLinklayer); ok {
			p.packet(ll, b[:n])
		}
	}
}

func (p *tap) packet(ll *unix.SockaddrLinklayer, b []byte) {
	what, to := kindOf(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[what]++
	if !to.IsLoopback() {
		p.out = append(p.out, fmt.Sprintf("interface %d: %s to %s", ll.Ifindex, what, to))
	}
}

// kindOf reads as much of a packet of IP as is told of it.
func kindOf(b []byte) (what string, to net.IP) {
	if len(b) < 1 {
		return "empty", nil
	}
	var protocol byte
	var rest []byte
	switch b[0] >> 4 {
	case 4:
		if n := int(b[0]&15) * 4; len(b) >= 20 && len(b) >= n {
			protocol, to, rest = b[9], net.IP(slices.Clone(b[16:20])), b[n:]
		}
	case 6:
		if len(b) >= 40 {
			protocol, to, rest = b[6], net.IP(slices.Clone(b[24:40])), b[40:]
		}
	}
	switch {
	case protocol == 1 || protocol == 58:
		return "icmp", to
	case protocol != 6 && protocol != 17 || len(rest) < 4:
		return fmt.Sprint("protocol ", protocol), to
	}
	name := map[byte]string{6: "tcp", 17: "udp"}[protocol]
	source, target := binary.BigEndian.Uint16(rest), binary.BigEndian.Uint16(rest[2:])
	if source == 1080 || target == 1080 {
		return name + " 1080", to
	}
	return fmt.Sprint(name, " ", target), to
}

func (p *tap) close() (out []string, seen map[string]int) {
	if p == nil {
		return nil, nil
	}
	p.mu.Lock()
	out = slices.Clone(p.out)
	p.stop = true
	p.mu.Unlock()
	p.done.Wait()
	unix.Close(p.fd)
	return out, p.seen
}
