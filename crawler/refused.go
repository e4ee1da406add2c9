package crawler

import (
	"fmt"
	"strings"

	"tamga"
)

// refuseTarget gives a redirect to where nothing is ever fetched the outcome policy,
// before it is sealed: the log says why the crawl ended there.
func (k *worker) refuseTarget(j *job, ex *tamga.Exchange) {
	if ex.Outcome != tamga.OutcomeRedirect {
		return
	}
	location := ex.Header.Get("Location")
	r, err := newResolver(j.url, "")
	if err != nil {
		return
	}
	switch target, ok := r.resolve(location); {
	case ok:
		err = k.wire.opts.policy(k.wire.opts.lane(k.src)).follow(j.url, target)
	case !strings.HasPrefix(location, "#"):
		err = fmt.Errorf("target %.200q is not fetched", location)
	}
	if err != nil {
		ex.Outcome, ex.Detail = tamga.OutcomePolicy, "redirect refused: "+err.Error()
	}
}
