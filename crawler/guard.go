package crawler

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"
	"time"

	"tamga"
)

// Limits of what a site may make out of itself. They hold for links that a page
// of a pattern has to others of its own pattern: what another page leads to, a
// listing to its items, is always followed.
const (
	guardPatterns = 1 << 14 // patterns remembered, and as many older ones
	guardTwins    = 1 << 16 // pages whose text is remembered, and as many older ones
	guardRules    = 1 << 12 // observed rules of all hosts

	chainLong      = 16      // links of one pattern after another, from which its content is looked at
	sameLimit      = 25      // answers one after another that read the same
	alikeLimit     = 500     // pages one after another that differ in no word from earlier ones
	bushyLimit     = 2000    // the same, where each leads to several and so none is far from the first
	againLimit     = 200     // pages one after another whose text, digits and all, was there before
	alikeDates     = 64      // the same, of a calendar
	selfLimit      = 100_000 // pages that led to one another
	calendarAhead  = 2       // years from now that a calendar is followed
	calendarBefore = 30      // years back
)

// guard sees the traps that one URL alone does not show: session ids, calendars,
// one query in every order, paging without end.
type guard struct {
	patterns, older map[string]*pattern
	seed            maphash.Seed
	twins, oldTwins map[uint64]twin
	seen            *recent                    // identities of links, behind "i ", and of captures, behind "c "
	rules           map[string]map[string]bool // what was observed of an origin: "drop NAME", "order"
	votes           map[string]int             // for a rule, behind the origin
	count           int
}

// pattern is what became of the URLs of one form.
type pattern struct {
	closed string // why no more of its own links are followed
	last   uint64
	same   int
	words  repeats
	texts  repeats
	self   int
}

// repeats counts pages one after another whose mark was there before.
type repeats struct {
	marks map[uint64]struct{}
	run   int
}

func (r *repeats) add(mark uint64) {
	if _, known := r.marks[mark]; known {
		r.run++
		return
	}
	if len(r.marks) >= alikeLimit || r.marks == nil {
		r.marks = map[uint64]struct{}{}
	}
	r.marks[mark], r.run = struct{}{}, 0
}

// twin is a page that was captured, by what it would be under another name.
type twin struct{ url, mark uint64 }

func newGuard() *guard {
	return &guard{patterns: map[string]*pattern{}, seed: maphash.MakeSeed(), twins: map[uint64]twin{}, seen: newRecent(1 << 17),
		rules: map[string]map[string]bool{}, votes: map[string]int{}}
}

func (g *guard) pattern(key string) *pattern {
	p := g.patterns[key]
	if p == nil {
		if p = g.older[key]; p == nil {
			p = &pattern{}
		}
		if len(g.patterns) >= guardPatterns {
			g.older, g.patterns = g.patterns, map[string]*pattern{}
		}
		g.patterns[key] = p
	}
	return p
}

// link decides on a link of a page: the URL to use in its place, and why not to
// follow it; chain is how many links of one pattern led to it.
func (g *guard) link(page *job, link string, now time.Time) (use string, chain int, reason string) {
	rules := g.rules[origin(link)]
	use = link
	for _, name := range suspects(link) {
		if identity := without(use, name); rules["drop "+name] {
			use = identity
		} else {
			g.seen.add("i " + identity) // should it turn out to be a session id
		}
	}
	if use != link {
		if g.seen.has("i "+use) || g.seen.has("c "+use) {
			return use, 0, "the same page under another session id"
		}
		g.seen.add("i " + use)
	}
	if sorted, n := ordered(use); n > 1 {
		if rules["order"] && g.seen.has("o "+sorted) {
			return use, 0, "the same query in another order"
		}
		g.seen.add("o " + sorted)
	}
	key := patternOf(use)
	if page.pattern == "" {
		page.pattern = patternOf(page.url)
	}
	if key != page.pattern {
		return use, 0, ""
	}
	if year, dated := yearOf(use); dated && (year > now.Year()+calendarAhead || year < now.Year()-calendarBefore) {
		return use, 0, fmt.Sprintf("a calendar that leads to the year %d", year)
	}
	return use, page.chain + 1, g.pattern(key).closed
}

// captured takes in what a URL turned out to be. It returns rules that are new.
func (g *guard) captured(j *job, ex *tamga.Exchange, digest tamga.Digest) (rules []string) {
	if ex.Outcome != tamga.OutcomeOK {
		return nil
	}
	mark, text := j.mark, j.text
	if mark == 0 {
		mark = maphash.String(g.seed, string(digest))
		text = mark
	}
	rules = g.compare(j.url, mark)
	if j.chain == 0 {
		return rules
	}
	if j.pattern == "" {
		j.pattern = patternOf(j.url)
	}
	p := g.pattern(j.pattern)
	p.self++
	if p.same++; text != p.last {
		p.last, p.same = text, 0
	}
	p.words.add(mark)
	p.texts.add(text)
	limit := alikeLimit
	if _, dated := yearOf(j.url); dated {
		limit = alikeDates
	}
	switch {
	case p.closed != "":
	case p.same >= sameLimit && j.chain >= chainLong, p.texts.run >= againLimit:
		p.closed = "the same content under ever new addresses"
	case p.words.run >= limit && j.chain >= alikeDates, p.words.run >= bushyLimit:
		p.closed = "pages of one pattern that say nothing new"
	case p.self >= selfLimit:
		p.closed = fmt.Sprintf("more than %d pages of one pattern that lead to one another", selfLimit)
	}
	return rules
}

// compare looks whether the page was captured under another name, and learns from
// it which names say nothing.
func (g *guard) compare(u string, mark uint64) (rules []string) {
	o := origin(u)
	g.seen.add("c " + u)
	learn := func(identity, rule string, need int) {
		g.seen.add("c " + identity)
		k := maphash.String(g.seed, rule+" "+identity)
		this := twin{maphash.String(g.seed, u), mark}
		other, ok := g.twins[k]
		if !ok {
			other, ok = g.oldTwins[k]
		}
		if !ok && identity != u {
			// The page without the parameter is its twin too.
			other, ok = g.twins[maphash.String(g.seed, "page "+identity)]
		}
		g.remember(k, this)
		if !ok || other.url == this.url || g.rules[o][rule] {
			return
		}
		vote := 1
		if other.mark != this.mark {
			vote = -2
		}
		if len(g.votes) > guardRules {
			clear(g.votes)
		}
		if g.votes[o+" "+rule] += vote; g.votes[o+" "+rule] >= need && g.set(o, rule) {
			rules = append(rules, rule)
		}
	}
	for _, name := range suspects(u) {
		need := 3
		if sessionName(name) && tokenLike(valueOf(u, name)) {
			need = 1
		}
		learn(without(u, name), "drop "+name, need)
	}
	if sorted, n := ordered(u); n > 1 {
		learn(sorted, "order", 8)
	}
	g.remember(maphash.String(g.seed, "page "+u), twin{maphash.String(g.seed, u), mark})
	return rules
}

func (g *guard) remember(k uint64, t twin) {
	if len(g.twins) >= guardTwins {
		g.oldTwins, g.twins = g.twins, map[uint64]twin{}
	}
	g.twins[k] = t
}

// set notes a rule of an origin; false: there are too many.
func (g *guard) set(origin, rule string) bool {
	if g.count >= guardRules {
		return false
	}
	if g.rules[origin] == nil {
		g.rules[origin] = map[string]bool{}
	}
	g.rules[origin][rule] = true
	g.count++
	return true
}

// spurious: the page was captured under another name since the URL was queued.
func (g *guard) spurious(u string) bool {
	rules := g.rules[origin(u)]
	if len(rules) == 0 {
		return false
	}
	use := u
	for _, name := range suspects(u) {
		if rules["drop "+name] {
			use = without(use, name)
		}
	}
	return use != u && g.seen.has("c "+use)
}

// loadRules reads what earlier runs observed.
func (c *Crawler) loadRules(ctx context.Context) error {
	c.guard = newGuard()
	return c.opts.Frontier.query(ctx, `SELECT h.origin, r.rule FROM frontier_rule r JOIN frontier_host h ON h.id = r.host`, func(scan func(...any) error) error {
		var origin, rule string
		if err := scan(&origin, &rule); err != nil {
			return err
		}
		c.guard.set(origin, rule)
		return nil
	})
}

// observe takes a capture into the guard, and keeps what is new.
func (c *Crawler) observe(ctx context.Context, j *job, capture tamga.Capture, ex *tamga.Exchange) error {
	for _, rule := range c.guard.captured(j, ex, capture.Digest) {
		c.opts.Logger.InfoContext(ctx, "observed of a host", "host", origin(j.url), "rule", rule, "at", j.url)
		id, err := c.opts.Frontier.hostID(ctx, origin(j.url))
		if err != nil {
			return err
		}
		if err := c.opts.Frontier.exec(ctx, `INSERT INTO frontier_rule (host, rule) VALUES (?, ?) ON CONFLICT DO NOTHING`, id, rule); err != nil {
			return err
		}
	}
	return nil
}

// dropSpurious skips what a host has ready and was captured under another name.
func (c *Crawler) dropSpurious(ctx context.Context, h *host) error {
	if len(c.guard.rules[h.origin]) == 0 {
		return nil
	}
	kept := h.ready[:0]
	for _, j := range h.ready {
		if !c.guard.spurious(j.url) {
			kept = append(kept, j)
			continue
		}
		const reason = "the same page under another session id"
		if err := c.opts.Frontier.exec(ctx, `UPDATE frontier_url SET state = ?, lease_until = 0, pass = ?, outcome = ?, detail = ? WHERE id = ?`,
			stateDead, c.opts.Frontier.passes[j.source], string(tamga.OutcomePolicy), "skipped: "+reason, j.id); err != nil {
			return err
		}
		c.stats.Ready--
		c.stats.Skipped++
		p := c.progressOf(j.source)
		p.pending--
		c.opts.Logger.DebugContext(ctx, "link skipped", "url", j.url, "reason", reason)
		if err := c.passEnds(ctx, p); err != nil {
			return err
		}
	}
	h.ready = kept
	return nil
}

// markOf are two hashes of what a page says, without its tags: of its words alone,
// without those that hold a digit, as clocks, counters and tokens do; and of all.
// Only the first 64 KiB count; neither is 0.
func markOf(page string) (words, all uint64) {
	const prime = 0x100000001b3
	page = page[:min(len(page), 64<<10)]
	words, all = 0xcbf29ce484222325, 0xcbf29ce484222325
	word, digit := uint64(0), false
	end := func() {
		if word != 0 {
			all = (all ^ word) * prime
			all ^= all >> 29
			if !digit {
				words = (words ^ word) * prime
				words ^= words >> 29
			}
		}
		word, digit = 0, false
	}
	for i := 0; i < len(page); i++ {
		switch b := page[i]; {
		case b == '<':
			end()
			j := strings.IndexByte(page[i:], '>')
			if j < 0 {
				return words | 1, all | 1
			}
			i += j
		case b >= '0' && b <= '9':
			digit = true
			word = (word ^ uint64(b)) * prime
		case b >= 0x80 || b|0x20 >= 'a' && b|0x20 <= 'z':
			word = (word ^ uint64(b)) * prime
		default:
			end()
		}
	}
	end()
	return words | 1, all | 1
}
