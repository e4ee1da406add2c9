package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"net/url"
	"strings"
)

func digestHex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// address is an IP address, or "".
func address(s string) string {
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return a.String()
	}
	return ""
}

func host(u string) string {
	if at, err := url.Parse(u); err == nil {
		return at.Hostname()
	}
	return ""
}

func requestURI(u string) string {
	if at, err := url.Parse(absolute(u)); err == nil {
		return at.RequestURI()
	}
	return "/"
}
