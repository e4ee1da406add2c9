package crawler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"

	"tamga"
)

// replies are the SOCKS reply codes: RFC 1928 §6, and Tor's extended errors
// (socks-extensions.txt, proposal 304), which Tor sends where ExtendedErrors is
// set on the port.
var replies = map[int]string{
	0x01: "general failure", 0x02: "not allowed by the proxy's rules", 0x03: "network unreachable",
	0x04: "host unreachable", 0x05: "connection refused", 0x06: "TTL expired",
	0x07: "command not supported", 0x08: "address type not supported",
	0xf0: "onion service descriptor not found", 0xf1: "onion service descriptor is invalid",
	0xf2: "introduction to the onion service failed", 0xf3: "rendezvous with the onion service failed",
	0xf4: "onion service needs client authorisation", 0xf5: "onion service refuses the client authorisation",
	0xf6: "onion address is invalid", 0xf7: "introduction to the onion service timed out",
}

// outcomeOf names the layer that gave up before a response header came.
func outcomeOf(err error) (o tamga.Outcome, detail string) {
	var (
		refused *PolicyError
		phase   *phaseError
		dns     *net.DNSError
	)
	if errors.As(err, &refused) {
		return tamga.OutcomePolicy, refused.Error()
	}
	detail = err.Error()
	errors.As(err, &phase)
	timeout := isTimeout(err)
	switch {
	case phase != nil && phase.reply != 0:
		name := replies[phase.reply]
		if name == "" {
			name = "unknown reply"
		}
		detail = fmt.Sprintf("SOCKS reply 0x%02X: %s", phase.reply, name)
		switch phase.reply {
		case 0x03, 0x04:
			return tamga.OutcomeUnreachable, detail
		case 0x05:
			return tamga.OutcomeRefused, detail
		}
		return tamga.OutcomeSOCKS, detail
	case phase != nil && phase.phase == "tls" && !timeout && isReset(err):
		return tamga.OutcomeReset, detail
	case phase != nil && phase.phase == "tls":
		return tamga.OutcomeTLS, detail
	case errors.As(err, &dns):
		return tamga.OutcomeDNS, detail
	case phase != nil && timeout:
		return tamga.OutcomeDial, detail
	case phase != nil && phase.phase == "proxy":
		return tamga.OutcomeSOCKS, detail
	case errors.Is(err, syscall.ECONNREFUSED):
		return tamga.OutcomeRefused, detail
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return tamga.OutcomeUnreachable, detail
	case timeout:
		return tamga.OutcomeHeader, detail
	case isReset(err):
		return tamga.OutcomeReset, detail
	}
	return tamga.OutcomeProtocol, detail
}

// bodyOutcome names why a body ended before its end, and the WARC-Truncated
// reason that goes with it.
func bodyOutcome(err error) (tamga.Outcome, string) {
	switch {
	case isTimeout(err):
		return tamga.OutcomeBody, "time"
	case isReset(err):
		return tamga.OutcomeReset, "disconnect"
	}
	return tamga.OutcomeProtocol, "disconnect" // a broken chunk
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errStalled) ||
		errors.As(err, &t) && t.Timeout()
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// statusOutcome is the outcome of a response as its status line tells it.
func statusOutcome(status int, header http.Header) tamga.Outcome {
	switch {
	case status >= 200 && status < 300:
		return tamga.OutcomeOK
	case status >= 300 && status < 400 && header.Get("Location") != "":
		return tamga.OutcomeRedirect
	case status == http.StatusNotFound, status == http.StatusGone:
		return tamga.OutcomeNotFound
	}
	return tamga.OutcomeHTTPError
}

// passing says whether another attempt may end better: the service was not
// there, not ready or not reached. What a page answers for good, and what the
// policy refuses, is not asked again.
func passing(o tamga.Outcome, status int) bool {
	switch o {
	case tamga.OutcomeUnreachable, tamga.OutcomeRefused, tamga.OutcomeSOCKS, tamga.OutcomeDNS, tamga.OutcomeDial, tamga.OutcomeTLS,
		tamga.OutcomeHeader, tamga.OutcomeBody, tamga.OutcomeReset, tamga.OutcomeProtocol, tamga.OutcomeQueue, tamga.OutcomeDDoS:
		return true
	case tamga.OutcomeHTTPError:
		return status == 408 || status == 425 || status == 429 || status >= 500 && status != 501 && status != 505
	}
	return false
}

// succeeded: the URL is done rather than dead.
func succeeded(o tamga.Outcome) bool {
	switch o {
	case tamga.OutcomeOK, tamga.OutcomeTruncated, tamga.OutcomeRedirect, tamga.OutcomeNotFound, tamga.OutcomeCaptcha,
		tamga.OutcomeLogin, tamga.OutcomeScriptOnly, tamga.OutcomeNoPreview:
		return true
	}
	return false
}
