package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Export is what the log says of an export: which captures left the workspace.
type Export struct {
	Entry    int64     `json:"entry"` // of the log
	Time     time.Time `json:"time"`
	Captures []int64   `json:"captures"` // numbers; empty of exports by versions that did not list them
}

// Exports lists the exports that the log knows, the oldest first.
func (a *Archive) Exports(ctx context.Context) (out []Export, err error) {
	for c, err := range a.Claims(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if c.Kind != claimExport {
			continue
		}
		var d struct{ List string }
		if err := json.Unmarshal(c.Data, &d); err != nil {
			return nil, fmt.Errorf("entry %d: %w", c.Seq, err)
		}
		x := Export{Entry: c.Seq, Time: c.Time}
		if x.Captures, err = parseRanges(d.List, c.Seq); err != nil {
			return nil, fmt.Errorf("entry %d: %w", c.Seq, err)
		}
		out = append(out, x)
	}
	return out, nil
}

// ranges writes ascending numbers as "0-5,9".
func ranges(n []int64) string {
	var b strings.Builder
	for i := 0; i < len(n); {
		j := i
		for j+1 < len(n) && n[j+1] == n[j]+1 {
			j++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(n[i], 10))
		if j > i {
			b.WriteByte('-')
			b.WriteString(strconv.FormatInt(n[j], 10))
		}
		i = j + 1
	}
	return b.String()
}

// parseRanges reads what ranges writes, of numbers below limit.
func parseRanges(s string, limit int64) (out []int64, err error) {
	if s == "" {
		return nil, nil
	}
	last := int64(-1)
	for part := range strings.SplitSeq(s, ",") {
		first, to, span := strings.Cut(part, "-")
		from, err := strconv.ParseInt(first, 10, 64)
		end := from
		if err == nil && span {
			end, err = strconv.ParseInt(to, 10, 64)
		}
		if err != nil || from <= last || end < from || end >= limit {
			return nil, fmt.Errorf("no list of captures: %.60q", part)
		}
		for n := from; n <= end; n++ {
			out = append(out, n)
		}
		last = end
	}
	return out, nil
}
