package dashboards

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

const (
	maxHops    = 50
	maxSubject = 200 // bytes: the longest address or output by far
)

// trace answers with where value went or came from.
func (s *Server) trace(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	subject := strings.TrimSpace(q.Get("subject"))
	direction := q.Get("direction")
	if direction == "" {
		direction = "forward"
	}
	hops, err := 5, error(nil)
	if v := q.Get("hops"); v != "" {
		hops, err = strconv.Atoi(v)
	}
	switch {
	case s.opt.Tracer == nil:
		err = &apiError{http.StatusNotImplemented, "no ledger is at hand", "run tamga chain index, then start tamga serve again"}
	case subject == "" || len(subject) > maxSubject:
		err = badRequest("subject: want an address, a transaction or an output", "TXID:N names output N of a transaction")
	case direction != "forward" && direction != "backward":
		err = badRequest(fmt.Sprintf("direction %q", direction), "forward or backward")
	case err != nil || hops < 1 || hops > maxHops:
		err = badRequest("hops: want a number from 1 to "+strconv.Itoa(maxHops), "tamga trace has no such limit")
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	t, err := s.opt.Tracer.Trace(r.Context(), subject, direction, hops)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrInvalid), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		s.fail(w, r, err)
		return
	case err != nil:
		// What a ledger says no to is most often the subject: another network's
		// address, an output that is not there.
		s.fail(w, r, &apiError{http.StatusUnprocessableEntity, err.Error(), "want an address, transaction or output of the ledger in this workspace"})
		return
	}
	writeJSON(w, t)
}
