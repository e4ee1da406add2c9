package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"tamga"
)

// The claims that stop a removal, and let it go on.
const (
	claimHold    = "hold"
	claimRelease = "release"
)

// ErrHeld is wrapped by the error for a capture that a hold keeps.
var ErrHeld = errors.New("a hold keeps it")

// Hold keeps captures from being removed: of a case, until it is released or its
// last day has passed. It covers what is captured later too. One that names no
// source, host or capture keeps everything.
type Hold struct {
	ID       int64      `json:"id"`   // entry of the log
	Time     time.Time  `json:"time"` // when it was laid
	Name     string     `json:"name"` // of the case; one hold of a name at a time
	Why      string     `json:"why"`
	By       string     `json:"by,omitempty"` // who ordered it
	Operator string     `json:"operator,omitempty"`
	Until    *time.Time `json:"until,omitempty"` // the first moment at which it does not hold any more
	Sources  []string   `json:"sources,omitempty"`
	Hosts    []string   `json:"hosts,omitempty"` // with a port, or of any port
	Captures []int64    `json:"captures,omitempty"`

	Released *Release `json:"released,omitempty"`
}

// Release ends a hold.
type Release struct {
	ID       int64     `json:"id"`
	Time     time.Time `json:"time"`
	Hold     int64     `json:"hold"` // number of that claim
	Why      string    `json:"why"`
	Operator string    `json:"operator,omitempty"`
}

// Active tells whether it holds at a time.
func (h *Hold) Active(at time.Time) bool {
	return h.Released == nil && (h.Until == nil || at.Before(*h.Until))
}

// Covers tells whether a capture is among what it keeps.
func (h *Hold) Covers(c *tamga.Capture) bool {
	if len(h.Sources)+len(h.Hosts)+len(h.Captures) == 0 {
		return true
	}
	if slices.Contains(h.Captures, c.Seq) || c.Source != "" && slices.Contains(h.Sources, c.Source) {
		return true
	}
	if len(h.Hosts) == 0 {
		return false
	}
	u, err := url.Parse(c.URL)
	return err == nil && (slices.Contains(h.Hosts, strings.ToLower(u.Host)) || slices.Contains(h.Hosts, strings.ToLower(u.Hostname())))
}

// Hold lays a hold. When it returns, the hold is in the log under a signed head:
// [Archive.Remove] refuses what it covers.
func (a *Archive) Hold(ctx context.Context, h Hold) (Hold, error) {
	err := func() (err error) {
		h.ID, h.Time, h.Released = 0, a.opt.Now().UTC().Round(0), nil
		if h.Operator == "" {
			h.Operator = a.opt.Operator
		}
		for i, host := range h.Hosts {
			h.Hosts[i] = strings.ToLower(host)
		}
		if err := h.check(); err != nil {
			return err
		}
		for _, have := range a.Holds() {
			if have.Name == h.Name && have.Active(h.Time) {
				return fmt.Errorf("the hold %q stands already, as entry %d", h.Name, have.ID)
			}
		}
		if h.Until != nil && !h.Until.After(h.Time) {
			return errors.New("it would have ended already")
		}
		for _, seq := range h.Captures {
			if _, err := a.captureEntry(seq); err != nil {
				return fmt.Errorf("capture %d: %w", seq, err)
			}
			if a.Removed(seq) {
				return fmt.Errorf("capture %d: %w", seq, ErrRemoved)
			}
		}
		text, err := encodeEntry(holdData{h.Name, h.Why, h.By, h.Operator, h.Until, h.Sources, h.Hosts, h.Captures})
		if err != nil {
			return err
		}
		if h.ID, err = a.decide(ctx, claimHold, text); err != nil {
			return err
		}
		a.mu.Lock()
		a.st.holds = append(a.st.holds, h)
		a.mu.Unlock()
		return nil
	}()
	if err != nil {
		return h, fmt.Errorf("hold: %w", err)
	}
	return h, nil
}

// Release ends the hold of that name.
func (a *Archive) Release(ctx context.Context, name, why, operator string) (Hold, error) {
	holds := a.Holds()
	i := slices.IndexFunc(holds, func(h Hold) bool { return h.Name == name && h.Released == nil })
	if i < 0 {
		return Hold{}, fmt.Errorf("release: no hold %q stands", name)
	}
	if why == "" {
		return Hold{}, errors.New("release: no reason")
	}
	if operator == "" {
		operator = a.opt.Operator
	}
	r := Release{Time: a.opt.Now().UTC().Round(0), Hold: holds[i].ID, Why: why, Operator: operator}
	text, err := encodeEntry(releaseData{r.Hold, r.Why, r.Operator})
	if err == nil {
		r.ID, err = a.decide(ctx, claimRelease, text)
	}
	if err != nil {
		return Hold{}, fmt.Errorf("release: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.st.release(r)
	holds[i].Released = &r
	return holds[i], nil
}

// decide writes a claim and brings it to the disk under a signed head.
func (a *Archive) decide(ctx context.Context, kind string, data json.RawMessage) (int64, error) {
	seq, err := a.claim(ctx, kind, data)
	if err != nil {
		return 0, err
	}
	return seq, a.sync()
}

// Holds lists every hold, the oldest first; those that were released too.
func (a *Archive) Holds() []Hold {
	a.refresh()
	a.mu.RLock()
	defer a.mu.RUnlock()
	return slices.Clone(a.st.holds)
}

// HeldBy is the first hold of a list that keeps a capture at a time.
func HeldBy(holds []Hold, c *tamga.Capture, at time.Time) (Hold, bool) {
	for i := range holds {
		if holds[i].Active(at) && holds[i].Covers(c) {
			return holds[i], true
		}
	}
	return Hold{}, false
}

// holdData is the data of a claim of kind hold.
type holdData struct {
	Name     string     `json:"name"`
	Why      string     `json:"why"`
	By       string     `json:"by,omitempty"`
	Operator string     `json:"operator,omitempty"`
	Until    *time.Time `json:"until,omitempty"`
	Sources  []string   `json:"sources,omitempty"`
	Hosts    []string   `json:"hosts,omitempty"`
	Captures []int64    `json:"captures,omitempty"`
}

type releaseData struct {
	Hold     int64  `json:"hold"`
	Why      string `json:"why"`
	Operator string `json:"operator,omitempty"`
}

func (h *Hold) check() error {
	switch {
	case h.Name == "" || len(h.Name) > 200:
		return errors.New("a hold has a name of at most 200 bytes")
	case h.Why == "":
		return errors.New("no reason")
	}
	return nil
}

// takeHold takes a claim of either kind into the state.
func (s *state) takeHold(e *entry) error {
	if e.Claim == claimHold {
		var d holdData
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return err
		}
		s.holds = append(s.holds, Hold{ID: e.Seq, Time: e.Time, Name: d.Name, Why: d.Why, By: d.By, Operator: d.Operator,
			Until: d.Until, Sources: d.Sources, Hosts: d.Hosts, Captures: d.Captures})
		return nil
	}
	var d releaseData
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return err
	}
	s.release(Release{e.Seq, e.Time, d.Hold, d.Why, d.Operator})
	return nil
}

// release is not told apart from one of no hold: it ends nothing then.
func (s *state) release(r Release) {
	for i := range s.holds {
		if s.holds[i].ID == r.Hold && s.holds[i].Released == nil {
			s.holds[i].Released = &r
		}
	}
}
