package torctl

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// Info asks for values by their names (control-spec §3.9); a value of several
// lines has them joined by line feeds.
func (c *Conn) Info(ctx context.Context, keys ...string) (map[string]string, error) {
	lines, err := c.Ask(ctx, "GETINFO "+strings.Join(keys, " "))
	if err != nil {
		return nil, err
	}
	values := make(map[string]string, len(keys))
	for _, l := range lines[:len(lines)-1] {
		key, value, ok := strings.Cut(l.Text, "=")
		if !ok {
			return nil, fmt.Errorf("%w: %.40q", errBroken, l.Text)
		}
		if l.Data != nil {
			value = strings.Join(l.Data, "\n")
		}
		values[key] = value
	}
	for _, k := range keys {
		if _, ok := values[k]; !ok {
			return nil, fmt.Errorf("%w: no value of %s", errBroken, k)
		}
	}
	return values, nil
}

// Conf asks for the values of an option (control-spec §3.3); none where it has
// its default.
func (c *Conn) Conf(ctx context.Context, option string) (values []string, err error) {
	lines, err := c.Ask(ctx, "GETCONF "+option)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		key, value, set := strings.Cut(l.Text, "=")
		if set && strings.EqualFold(key, option) {
			values = append(values, unquote(value))
		}
	}
	return values, nil
}

// Bootstrap is how far a client has come (control-spec §5.5).
type Bootstrap struct {
	Progress int // percent; at 100 circuits can be built
	Tag      string
	Summary  string
	Warning  string // why it comes no further, where it says so
}

// Bootstrap asks how far it has come.
func (c *Conn) Bootstrap(ctx context.Context) (b Bootstrap, err error) {
	const key = "status/bootstrap-phase"
	info, err := c.Info(ctx, key)
	if err != nil {
		return b, err
	}
	_, named := fields(info[key])
	b.Tag, b.Summary, b.Warning = named["TAG"], named["SUMMARY"], named["WARNING"]
	if b.Progress, err = strconv.Atoi(named["PROGRESS"]); err != nil || b.Progress < 0 || b.Progress > 100 {
		return b, fmt.Errorf("%w: %.80q", errBroken, info[key])
	}
	return b, nil
}

// Circuit is a line of circuit-status (control-spec §4.1.1).
type Circuit struct {
	ID, Status    string
	Path          []string // fingerprints and names, from the guard on
	Purpose       string   // HS_CLIENT_REND for one to an onion service
	Onion         string   // the onion that it leads to, without ".onion"; empty for others
	User          string   // SOCKS user name that it is kept for
	Password      string
	Authenticated bool // it carries streams of a SOCKS user
}

// Circuits lists them.
func (c *Conn) Circuits(ctx context.Context) (out []Circuit, err error) {
	info, err := c.Info(ctx, "circuit-status")
	if err != nil {
		return nil, err
	}
	for line := range strings.SplitSeq(info["circuit-status"], "\n") {
		words, named := fields(line)
		if len(words) < 2 {
			continue
		}
		x := Circuit{ID: words[0], Status: words[1], Purpose: named["PURPOSE"], Onion: named["REND_QUERY"],
			User: named["SOCKS_USERNAME"], Password: named["SOCKS_PASSWORD"]}
		_, x.Authenticated = named["SOCKS_USERNAME"]
		if len(words) > 2 {
			x.Path = strings.Split(words[2], ",")
		}
		out = append(out, x)
	}
	return out, nil
}

// Stream is a line of stream-status (control-spec §4.1.2).
type Stream struct{ ID, Status, Circuit, Target string }

// Streams lists them.
func (c *Conn) Streams(ctx context.Context) (out []Stream, err error) {
	info, err := c.Info(ctx, "stream-status")
	if err != nil {
		return nil, err
	}
	for line := range strings.SplitSeq(info["stream-status"], "\n") {
		if words, _ := fields(line); len(words) >= 4 {
			out = append(out, Stream{words[0], words[1], words[2], words[3]})
		}
	}
	return out, nil
}

// fields parts a line into plain words and KEY=value pairs; a value may be a
// quoted string (control-spec §2.1.1).
func fields(line string) (words []string, named map[string]string) {
	named = map[string]string{}
	for i := 0; i < len(line); {
		if line[i] == ' ' {
			i++
			continue
		}
		from, eq, quoted := i, -1, false
		for ; i < len(line) && (quoted || line[i] != ' '); i++ {
			switch {
			case quoted && line[i] == '\\':
				i++
			case line[i] == '"' && (quoted || i == eq+1):
				quoted = !quoted
			case line[i] == '=' && eq < 0:
				eq = i
			}
		}
		i = min(i, len(line))
		if eq > from {
			named[line[from:eq]] = unquote(line[eq+1 : i])
		} else {
			words = append(words, line[from:i])
		}
	}
	return words, named
}

// unquote undoes a quoted string; other text stays as it is.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	var b strings.Builder
	for s = s[1 : len(s)-1]; s != ""; s = s[1:] {
		if s[0] == '\\' && len(s) > 1 {
			s = s[1:]
		}
		b.WriteByte(s[0])
	}
	return b.String()
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
