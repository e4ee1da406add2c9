package ots

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Client asks calendars.
type Client struct {
	HTTP *http.Client
	Rand io.Reader // of nonces
}

// maxAnswer bounds the answer of a calendar, in bytes.
const maxAnswer = 10_000

// ErrPending: the calendar has no block for it yet.
var ErrPending = errors.New("the calendar has no block for it yet")

// Stamp asks a calendar for a proof over a digest. The calendar sees a hash of
// the digest and 16 random bytes, not the digest.
func (c *Client) Stamp(ctx context.Context, calendar string, digest [sha256.Size]byte) (*Proof, error) {
	var nonce [16]byte
	if _, err := io.ReadFull(c.Rand, nonce[:]); err != nil {
		return nil, fmt.Errorf("ask a calendar: %w", err)
	}
	hidden := op{opAppend, nonce[:]}
	joined, err := hidden.apply(digest[:])
	if err != nil {
		return nil, fmt.Errorf("ask a calendar: %w", err)
	}
	sum := sha256.Sum256(joined)
	answer, err := c.ask(ctx, http.MethodPost, strings.TrimSuffix(calendar, "/")+"/digest", sum[:])
	if err != nil {
		return nil, fmt.Errorf("ask a calendar: %w", err)
	}
	to, err := (&decoder{b: answer}).tree(sum[:])
	if err != nil {
		return nil, fmt.Errorf("read the answer of a calendar: %w", err)
	}
	return &Proof{digest, &node{msg: digest[:], made: []branch{{hidden, &node{msg: joined, made: []branch{{op{tag: opSHA256}, to}}}}}}}, nil
}

// Upgrade asks the calendars that promised one for a block, where ask says that
// they may be asked, and puts what they answer into the proof. It returns whether
// a block came; ErrPending where none has one yet.
func (c *Client) Upgrade(ctx context.Context, p *Proof, ask func(calendar string) bool) (bool, error) {
	var errs []error
	came := false
	for _, a := range p.Attestations() {
		if !a.Pending() || !ask(a.URI) {
			continue
		}
		answer, err := c.ask(ctx, http.MethodGet, strings.TrimSuffix(a.URI, "/")+"/timestamp/"+hex.EncodeToString(a.Message), nil)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		more, err := (&decoder{b: answer}).tree(a.Message)
		if err != nil {
			errs = append(errs, fmt.Errorf("read the answer of a calendar: %w", err))
			continue
		}
		blocks := (&Proof{root: more}).Attestations()
		if !slices.ContainsFunc(blocks, Attestation.Bitcoin) {
			errs = append(errs, ErrPending)
			continue
		}
		came = true
		// The promise is kept with what fulfils it: attestations stand first.
		a.at.said = append(a.at.said, more.said...)
		a.at.made = append(a.at.made, more.made...)
	}
	if came {
		return true, nil
	}
	return false, errors.Join(errs...)
}

func (c *Client) ask(ctx context.Context, method, url string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/vnd.opentimestamps.v1")
	req.Header.Set("User-Agent", "")
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound && method == http.MethodGet:
		return nil, ErrPending
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("it answers %.60q", resp.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = fmt.Errorf("an answer of more than %d bytes", maxAnswer)
	}
	return answer, err
}
