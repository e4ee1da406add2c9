package timestamp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"

	tsp "github.com/digitorus/timestamp"
)

// Client asks authorities.
type Client struct {
	HTTP  *http.Client   // its timeout bounds a question; redirects are its business
	Rand  io.Reader      // of nonces
	Roots *x509.CertPool // nil: an answer is taken without asking who stands behind it

	Revoked *Revocations // nil: revocation is not checked
}

// Ask asks the authority at url for a token over data, and returns its response
// once it verifies: an answer that does not is an error and worth nothing.
func (c *Client) Ask(ctx context.Context, url string, data []byte) ([]byte, Token, error) {
	b, t, err := c.ask(ctx, url, data)
	if err != nil {
		return nil, Token{}, fmt.Errorf("ask for a time stamp: %w", err)
	}
	return b, t, nil
}

func (c *Client) ask(ctx context.Context, url string, data []byte) ([]byte, Token, error) {
	var raw [16]byte
	if _, err := io.ReadFull(c.Rand, raw[:]); err != nil {
		return nil, Token{}, err
	}
	nonce := new(big.Int).SetBytes(raw[:])
	query, err := tsp.CreateRequest(bytes.NewReader(data), &tsp.RequestOptions{Hash: crypto.SHA256, Certificates: true, Nonce: nonce})
	if err != nil {
		return nil, Token{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(query))
	if err != nil {
		return nil, Token{}, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	req.Header.Set("Accept", "application/timestamp-reply")
	req.Header.Set("User-Agent", "")
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, Token{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, Token{}, fmt.Errorf("it answers %.60q", resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return nil, Token{}, err
	}
	t, err := Verify(body, OfBytes(data), c.Roots)
	if err != nil {
		return nil, Token{}, err
	}
	if t.Nonce == nil || t.Nonce.Cmp(nonce) != 0 {
		return nil, Token{}, errors.New("the answer is to another question")
	}
	if c.Revoked != nil {
		if _, err := c.Revoked.Check(t, c.Roots); err != nil {
			return nil, Token{}, err
		}
	}
	return body, t, nil
}
