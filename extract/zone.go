package extract

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"tamga"
)

// zones are the ranges of a page that do not speak of its offers.
type zones struct {
	frame   [][2]int // menus, balances, rates
	reviews [][2]int // feedback of buyers
	struck  [][2]int // prices of the past
	choices [][2]int // options of a form: ways of delivery
}

var (
	zoneFrame  = regexp.MustCompile(`(?i)(?:^|[\s_-])(?:nav|navbar|navigation|menu|sidebar|topbar|topmenu|breadcrumbs?|wallet|balance|rates?|exchange\w*|ticker|cart-contents|mini-?cart|shopping-?cart|widget)(?:[\s_-]|$)|(?:^|\s)(?:header|footer|foot|trail|cats|categories)(?:\s|$)|^\s*(?:side|left|right|top)\s*$`)
	moneyZone  = regexp.MustCompile(`(?i)wallet|balance|rate|exchange|ticker|cart|widget|header|foot`)
	zoneReview = regexp.MustCompile(`(?i)feedback|reviews?(?:[\s_-]|$)|testimonial|otzyv`)
	struckName = regexp.MustCompile(`(?i)(?:^|[\s_-])(?:old|was|strike\w*|crossed|regular-price|list-price|price-old|before)(?:[\s_-]|$)`)
)

// findZones walks the tree once. A zone that holds most of the page's text is
// none: its name says something else.
func (d *document) findZones() {
	most := len(d.page.Source) * 6 / 10
	put := func(list *[][2]int, n *html.Node) {
		if s, ok := d.tree.spans[n]; ok && s[1]-s[0] <= most {
			*list = append(*list, s)
		}
	}
	framed := map[string][]*html.Node{}
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		if n.Type == html.ElementNode {
			name := attr(n, "class") + " " + attr(n, "id")
			switch {
			case n.Data == "nav" || n.Data == "footer" || n.Data == "aside":
				put(&d.zones.frame, n)
			case n.Data == "header" && n.Parent != nil && n.Parent.Data == "body":
				put(&d.zones.frame, n)
			case n.Data == "del" || n.Data == "s" || n.Data == "strike":
				put(&d.zones.struck, n)
			case n.Data == "select" || n.Data == "option":
				put(&d.zones.choices, n)
			case len(name) < 2:
			default:
				if d.memo.says(zoneFrame, name) && n.Data != "body" && n.Data != "form" && !insideHeading(n) {
					framed[name] = append(framed[name], n)
				}
				if d.memo.says(zoneReview, name) {
					put(&d.zones.reviews, n)
				}
				if (n.Data == "span" || n.Data == "div" || n.Data == "p") && d.memo.says(struckName, name) {
					put(&d.zones.struck, n)
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
	}
	visit(d.tree.Nodes[0])
	for name, ns := range framed {
		if d.offersOf(ns) {
			continue
		}
		money := d.memo.says(moneyZone, name)
		for _, n := range ns {
			if money || firstLink(n) != nil { // a menu has links
				put(&d.zones.frame, n)
			}
		}
	}
	for _, list := range []*[][2]int{&d.zones.frame, &d.zones.reviews, &d.zones.struck, &d.zones.choices} {
		sortRanges(*list)
		for i := 1; i < len(*list); i++ {
			(*list)[i][1] = max((*list)[i][1], (*list)[i-1][1])
		}
	}
}

// firstLink is the first link of an element, nil for none.
func firstLink(n *html.Node) *html.Node {
	if n.Data == "a" && attr(n, "href") != "" {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode {
			if a := firstLink(c); a != nil {
				return a
			}
		}
	}
	return nil
}

// offersOf says whether elements of one name are offers, whatever the name says:
// many, and most with a link and a price.
func (d *document) offersOf(ns []*html.Node) bool {
	if len(ns) < 4 {
		return false
	}
	offers := 0
	for _, n := range ns {
		if d.has(d.tree.spans[n], tamga.FindPrice) && firstLink(n) != nil {
			offers++
		}
	}
	return offers*2 > len(ns)
}

// insideHeading says whether an element is a heading or a row of a table, whose
// name "header" or "top" says nothing of the page's frame.
func insideHeading(n *html.Node) bool {
	return len(n.Data) == 2 && n.Data[0] == 'h' && isDigit(n.Data[1]) || n.Data == "tr" || n.Data == "td" || n.Data == "th" || n.Data == "a" || n.Data == "span" || n.Data == "p"
}

// in says whether a place lies in one of the ranges, which are in order, each
// with the furthest end so far.
func in(list [][2]int, at int) bool {
	k, _ := slices.BinarySearchFunc(list, at+1, func(s [2]int, at int) int { return cmp.Compare(s[0], at) })
	return k > 0 && list[k-1][1] > at
}

var (
	priceLabel = regexp.MustCompile(`(?:price|cost|цена|стоимость|narx\S*|баасы|бағасы)(?:\s+(?:per|for)\s+\S+)?(?:\s+in\s+\S+)?\W*(?:from|от|only)?\W*$`)
	otherMoney = regexp.MustCompile(`(?:shipping|delivery|postage|доставка|fee|balance|баланс|wallet|rate|bond|total|discount|save|minimum|deposit|cart|was|old price|sales?|spent|volume)\W*$`)
	priceCue   = strings.Fields("price cost цена стоимость narx баасы бағасы")
	moneyCue   = strings.Fields("shipping delivery postage доставка fee balance баланс wallet rate bond total discount save minimum deposit cart was old sale spent volume")
	priceClass = regexp.MustCompile(`(?i)(?:class|id|itemprop)\s*=\s*["']?[^"'>]*(?:price|amount|cost|preis|\bask\b)`)
)

// priceScore says how much a price looks like the one that is asked, from where
// it stands: after the word, in a place of its own, not in a menu or a title.
func (d *document) priceScore(f *tamga.Finding) int {
	if s, known := d.scores[f.Start]; known {
		return s
	}
	if d.scores == nil {
		d.scores = map[int]int{}
	}
	s := d.weighPrice(f)
	d.scores[f.Start] = s
	return s
}

func (d *document) weighPrice(f *tamga.Finding) (score int) {
	before := d.page.Source[max(0, f.Start-200):f.Start]
	words := strings.ToLower(fold(untagged(before)))
	words = words[max(0, len(words)-40):]
	switch {
	case containsAny(words, priceCue) && priceLabel.MatchString(words):
		score += 4
	case containsAny(words, moneyCue) && otherMoney.MatchString(words):
		score -= 5
	}
	if tags := lastTags(before); tags != "" && d.memo.says(priceClass, tags) {
		score += 3
	}
	alone := d.alone(f)
	if alone {
		score += 2
	}
	if !alone && d.titled(f) {
		score -= 3
	}
	if strings.Trim(f.Amount, "0.") == "" { // a balance, save where it is said to be a price
		score -= 6
		if score > -6 {
			score = min(score+4, 0)
		}
	}
	if in(d.zones.struck, f.Start) {
		score -= 8
	}
	if in(d.zones.choices, f.Start) {
		score -= 8
	}
	return score
}

// bestPrice is the price that looks most like the asked one, the first of equals.
func (d *document) bestPrice(ps []*tamga.Finding) (best *tamga.Finding, score int) {
	for _, p := range ps {
		if s := d.priceScore(p); best == nil || s > score {
			best, score = p, s
		}
	}
	return best, score
}

// lastTags are the two tags that a text ends in, with at most a word after them;
// "" where it ends in a sentence.
func lastTags(s string) string {
	end := strings.LastIndexByte(s, '>')
	if end < 0 || len(s)-end > 13 {
		return ""
	}
	start := strings.LastIndexByte(s[:end], '<')
	if start > 0 && strings.HasSuffix(strings.TrimRight(s[:start], " \t\r\n"), ">") {
		start = strings.LastIndexByte(s[:start], '<')
	}
	return s[max(start, 0):end]
}

// untagged is a piece of a page without its tags; it may begin inside one.
func untagged(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		b.WriteByte(' ')
		j := strings.IndexByte(s[i:], '>')
		if j < 0 {
			break
		}
		s = s[i+j+1:]
	}
	return b.String()
}
