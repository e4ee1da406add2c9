package torctl

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// cookieSize in bytes (control-spec §3.24).
const cookieSize = 32

// The keys of the two proofs of SAFECOOKIE (control-spec §3.24).
const (
	serverProof = "Tor safe cookie authentication server-to-controller hash"
	clientProof = "Tor safe cookie authentication controller-to-server hash"
)

// Authenticate proves to Tor that we may ask, in the safest way that it takes:
// nothing, the cookie without showing it, the cookie, the password. nonce is
// crypto/rand outside of tests; nil means that.
func (c *Conn) Authenticate(ctx context.Context, password string, nonce io.Reader) error {
	lines, err := c.Ask(ctx, "PROTOCOLINFO 1")
	if err != nil {
		return err
	}
	var methods []string
	var file string
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l.Text, "AUTH "); ok {
			_, named := fields(rest)
			methods = strings.Split(named["METHODS"], ",")
			file = named["COOKIEFILE"]
		}
	}
	takes := func(m string) bool { return slices.Contains(methods, m) }
	switch {
	case takes("NULL"):
		_, err = c.Ask(ctx, "AUTHENTICATE")
	case takes("HASHEDPASSWORD") && password != "":
		_, err = c.Ask(ctx, "AUTHENTICATE "+quote(password))
	case takes("SAFECOOKIE") || takes("COOKIE"):
		var cookie []byte
		if cookie, err = readCookie(file); err != nil {
			return err
		}
		if takes("SAFECOOKIE") {
			err = c.safeCookie(ctx, cookie, nonce)
		} else if !c.local {
			return errors.New("Tor's control port wants its cookie in the clear, and is on another machine")
		} else {
			_, err = c.Ask(ctx, "AUTHENTICATE "+hex.EncodeToString(cookie))
		}
	case takes("HASHEDPASSWORD"):
		return errors.New("Tor's control port wants a password")
	default:
		return fmt.Errorf("%w: no way to authenticate among %.100q", errBroken, methods)
	}
	if err != nil {
		return fmt.Errorf("authenticate to Tor's control port: %w", err)
	}
	return nil
}

// readCookie reads the file that the other end named: only one of a cookie's
// size, so that it cannot ask for another.
func readCookie(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the cookie of Tor's control port: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the cookie of Tor's control port: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() != cookieSize {
		return nil, fmt.Errorf("read the cookie of Tor's control port: %s is none", file)
	}
	cookie := make([]byte, cookieSize)
	if _, err := io.ReadFull(f, cookie); err != nil {
		return nil, fmt.Errorf("read the cookie of Tor's control port: %w", err)
	}
	return cookie, nil
}

// safeCookie has each side prove that it knows the cookie; an impostor learns
// nothing of it.
func (c *Conn) safeCookie(ctx context.Context, cookie []byte, random io.Reader) error {
	if random == nil {
		random = rand.Reader
	}
	client := make([]byte, 32)
	if _, err := io.ReadFull(random, client); err != nil {
		return err
	}
	lines, err := c.Ask(ctx, "AUTHCHALLENGE SAFECOOKIE "+hex.EncodeToString(client))
	if err != nil {
		return err
	}
	_, named := fields(lines[0].Text)
	server, err1 := hex.DecodeString(named["SERVERNONCE"])
	proof, err2 := hex.DecodeString(named["SERVERHASH"])
	if err1 != nil || err2 != nil || len(server) != 32 {
		return fmt.Errorf("%w: no challenge", errBroken)
	}
	if !hmac.Equal(proof, cookieProof(serverProof, cookie, client, server)) {
		return errors.New("the other end does not know the cookie: it is not this Tor")
	}
	_, err = c.Ask(ctx, "AUTHENTICATE "+hex.EncodeToString(cookieProof(clientProof, cookie, client, server)))
	return err
}

func cookieProof(key string, parts ...[]byte) []byte {
	m := hmac.New(sha256.New, []byte(key))
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}
