package render

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestGreet(t *testing.T) {
	request := func(cmd, kind byte, rest string) string {
		return "\x05\x01\x00\x05" + string(cmd) + "\x00" + string(kind) + rest
	}
	for name, tt := range map[string]struct {
		in, host, port string
		reply          byte
		bad            bool
	}{
		"name":         {in: request(1, 3, "\x0cdemo.example\x00\x50"), host: "demo.example", port: "80"},
		"address":      {in: request(1, 1, "\x7f\x00\x00\x01\x1f\x90"), host: "127.0.0.1", port: "8080"},
		"mapped":       {in: request(1, 4, strings.Repeat("\x00", 10)+"\xff\xff\x7f\x00\x00\x01\x00\x50"), host: "127.0.0.1", port: "80"},
		"bind":         {in: request(2, 1, "\x7f\x00\x00\x01\x00\x50"), reply: replyCommand, bad: true},
		"datagrams":    {in: request(3, 1, "\x7f\x00\x00\x01\x00\x50"), reply: replyCommand, bad: true},
		"kind":         {in: request(1, 9, "x"), reply: replyAddress, bad: true},
		"empty name":   {in: request(1, 3, "\x00\x00\x50"), reply: replyAddress, bad: true},
		"short":        {in: request(1, 3, "\x0cdemo"), bad: true},
		"version four": {in: "\x04\x01\x00\x50", bad: true},
		"nothing":      {bad: true},
	} {
		host, port, reply, err := greet(bufio.NewReader(strings.NewReader(tt.in)), io.Discard)
		if host != tt.host || port != tt.port || reply != tt.reply || (err != nil) != tt.bad {
			t.Errorf("%s: %q %q %d %v", name, host, port, reply, err)
		}
	}
}

func FuzzGreet(f *testing.F) {
	f.Add([]byte("\x05\x01\x00\x05\x01\x00\x03\x0cdemo.example\x00\x50"))
	f.Add([]byte("\x05\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		host, _, _, err := greet(bufio.NewReader(bytes.NewReader(b)), &out)
		if err == nil && host == "" {
			t.Error("no host and no error")
		}
		if out.Len() > 2 {
			t.Errorf("answered %x", out.Bytes())
		}
	})
}
