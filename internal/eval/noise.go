package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

// noise changes in a page what differs each time that it is asked for and says nothing
// of anybody: clocks, counters, tokens, rates, adverts, session ids, the order of lists,
// how long ago something was.
type noise struct {
	rng *rand.Rand
	// shuffled matches the cards of a list, which stand beside one another.
	shuffled *regexp.Regexp
	adverts  []string // offers of others, as the site advertises them
	unmarked bool     // nothing says of an advertisement that it is one
}

var (
	relative = regexp.MustCompile(`\b\d{1,2} (minute|hour|day)s? ago\b`)
	bodyOpen = regexp.MustCompile(`(?i)<body[^>]*>`)
	bodyEnd  = regexp.MustCompile(`(?i)</body>`)
	localRef = regexp.MustCompile(`(?i)(<a\s[^>]*?href=["']?)(/[^"'\s>#]*)`)
	formOpen = regexp.MustCompile(`(?i)<form[^>]*>`)
)

func (n *noise) hex(digits int) string {
	var b strings.Builder
	for range digits {
		fmt.Fprintf(&b, "%x", n.rng.IntN(16))
	}
	return b.String()
}

// apply returns the page as it is at one visit.
func (n *noise) apply(page string) string {
	r := n.rng
	sid := n.hex(32)
	page = localRef.ReplaceAllStringFunc(page, func(ref string) string {
		sep := "?"
		if strings.Contains(ref, "?") {
			sep = "&amp;"
		}
		return ref + sep + "sid=" + sid
	})
	page = formOpen.ReplaceAllStringFunc(page, func(form string) string {
		return form + `<input type="hidden" name="csrf_token" value="` + n.hex(40) + `">`
	})
	page = relative.ReplaceAllStringFunc(page, func(s string) string {
		unit := relative.FindStringSubmatch(s)[1]
		return fmt.Sprintf("%d %ss ago", 2+r.IntN(20), unit)
	})
	page = n.shuffle(page)
	clock := fmt.Sprintf("%02d:%02d:%02d", r.IntN(24), r.IntN(60), r.IntN(60))
	advert := n.adverts[r.IntN(len(n.adverts))]
	class := "banner"
	if n.unmarked {
		class = "x" + n.hex(4)
	}
	top := fmt.Sprintf(`<div class="status"><span>Server time: 2026-11-%02d %s UTC</span> <span>%d users online</span> <span>1 BTC = %d.%02d USD</span> <span>Balance: 0.0%07d BTC</span></div><div class="%s"><a href="/ad/%s">%s</a></div>`,
		1+r.IntN(28), clock, 100+r.IntN(900), 60000+r.IntN(9000), r.IntN(100), r.IntN(10000000), class, n.hex(8), advert)
	foot := fmt.Sprintf(`<div class="foot"><span>Views: %d</span> <span>Last seen %d minutes ago</span> <span>Page made in %d ms, request %s</span><form action="/search"><input type="hidden" name="token" value="%s"></form></div>`,
		r.IntN(100000), 1+r.IntN(59), r.IntN(900), n.hex(16), n.hex(32))
	if at := bodyOpen.FindStringIndex(page); at != nil {
		page = page[:at[1]] + top + page[at[1]:]
	}
	if at := bodyEnd.FindStringIndex(page); at != nil {
		page = page[:at[0]] + foot + page[at[0]:]
	}
	return page
}

// shuffle brings the cards of a list into another order, where only space stands
// between them.
func (n *noise) shuffle(page string) string {
	if n.shuffled == nil {
		return page
	}
	at := n.shuffled.FindAllStringIndex(page, -1)
	var out strings.Builder
	last := 0
	for i := 0; i < len(at); {
		j := i + 1
		for j < len(at) && strings.TrimSpace(page[at[j-1][1]:at[j][0]]) == "" {
			j++
		}
		group := at[i:j]
		order := n.rng.Perm(len(group))
		for k, g := range group {
			out.WriteString(page[last:g[0]])
			from := group[order[k]]
			out.WriteString(page[from[0]:from[1]])
			last = g[1]
		}
		i = j
	}
	out.WriteString(page[last:])
	return out.String()
}
