package main

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"tamga/crawler"
	"tamga/internal/config"
)

// refusal is a source that a command leaves out; the others go on.
type refusal struct {
	Source string `json:"source"`
	Reason string `json:"reason"`

	err error
}

func refuse(source string, err error) refusal {
	reason := err.Error()
	for _, prefix := range []string{fmt.Sprintf("source %q: ", source), "source " + source + ": "} {
		reason = strings.TrimPrefix(reason, prefix)
	}
	return refusal{source, reason, err}
}

// checkSources takes out of the settings the sources that no pass could use for
// reasons that only the parts of the program know.
func checkSources(ws *config.Workspace, conf *config.Config) {
	conf.Refuse(func(s *config.Source) error {
		for _, address := range append([]string{s.URL}, s.Mirrors...) {
			if _, err := crawler.Address(s.Kind, address); err != nil {
				return hinted{err, "docs/sources.md says which addresses a source of kind " + s.Kind + " has"}
			}
		}
		if s.Scope != "" {
			if _, err := crawler.ParseScope(s.Scope); err != nil {
				return err
			}
		}
		_, err := mirrorKey(ws, s)
		return err
	})
}

// refused are the configured sources that may not be used at a time: those with a
// mistake, and those whose basis has ended.
func refused(conf *config.Config, now time.Time) (out []refusal) {
	for _, r := range conf.Refused {
		out = append(out, refuse(r.Source.Name, r.Err))
	}
	for i := range conf.Sources {
		if err := conf.Sources[i].Authorised(now); err != nil {
			out = append(out, refuse(conf.Sources[i].Name, err))
		}
	}
	return out
}

func logRefused(log *slog.Logger, list []refusal) {
	for _, r := range list {
		log.Warn("source refused; the others go on", "source", r.Source, "reason", r.Reason)
	}
}

// incomplete is the error of a crawl that left sources out; nil where it left none.
func incomplete(list []refusal) error {
	if len(list) == 0 {
		return nil
	}
	var names []string
	for _, r := range list {
		if !slices.Contains(names, r.Source) {
			names = append(names, r.Source)
		}
	}
	err := fmt.Errorf("%w: left out %s", errIncomplete, strings.Join(names, ", "))
	return hinted{err, "the reasons are above; correct tamga.toml, or have the basis renewed, and crawl those sources by name"}
}

// ofSource is the error of a source that was asked for, with what to do about it.
func ofSource(err error) error {
	var known hinted
	switch {
	case errors.As(err, &known):
		return hinted{err, known.hint}
	case errors.Is(err, config.ErrBasis):
		return hinted{err, "have it renewed, and write that into the basis of the source in tamga.toml"}
	}
	return err
}
