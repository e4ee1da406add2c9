package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	metricName = regexp.MustCompile(`^[a-z_:][a-z0-9_:]*$`)
	sampleLine = regexp.MustCompile(`^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)$`)
	labelPair  = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)`)
)

// exposition checks a text against the format of Prometheus, version 0.0.4, and its
// conventions of names: HELP and TYPE once and first, the samples of a family
// together, none twice; counters end in _total and nothing else does, units are base
// units in the plural. It returns the number of samples of each family.
func exposition(text string) (map[string]int, error) {
	if !strings.HasSuffix(text, "\n") {
		return nil, fmt.Errorf("no line break at the end")
	}
	families, helped, seen := map[string]int{}, map[string]bool{}, map[string]bool{}
	current, kind := "", ""
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		bad := func(why string) error { return fmt.Errorf("line %d, %q: %s", i+1, line, why) }
		if rest, ok := strings.CutPrefix(line, "# HELP "); ok {
			name, help, _ := strings.Cut(rest, " ")
			if !metricName.MatchString(name) || help == "" || helped[name] {
				return nil, bad("a help of its own, once")
			}
			helped[name], current, kind = true, name, ""
			continue
		}
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, k, _ := strings.Cut(rest, " ")
			if _, again := families[name]; again || name != current || k != "counter" && k != "gauge" {
				return nil, bad("a type behind its help, once")
			}
			if strings.HasSuffix(name, "_total") != (k == "counter") {
				return nil, bad("counters end in _total")
			}
			for _, unit := range []string{"_ms", "_millis", "_minutes", "_kb", "_mb", "_kib", "_mib", "_percent", "_second", "_byte"} {
				if strings.HasSuffix(name, unit) {
					return nil, bad("base units in the plural")
				}
			}
			families[name], kind = 0, k
			continue
		}
		m := sampleLine.FindStringSubmatch(line)
		if m == nil || m[1] != current || kind == "" {
			return nil, bad("a sample of the family before it")
		}
		if _, err := strconv.ParseFloat(m[3], 64); err != nil {
			return nil, bad("a number")
		}
		labels, names := m[2], map[string]bool{}
		for labels != "" {
			p := labelPair.FindStringSubmatch(labels)
			if p == nil || names[p[1]] {
				return nil, bad("labels, none twice")
			}
			names[p[1]], labels = true, labels[len(p[0]):]
		}
		if key := m[1] + "{" + m[2] + "}"; seen[key] {
			return nil, bad("a series twice")
		} else {
			seen[key] = true
		}
		families[current]++
	}
	for name, n := range families {
		if n == 0 {
			return nil, fmt.Errorf("%s has no sample", name)
		}
	}
	return families, nil
}
