package extract

import (
	"strings"
)

// viewBuilder puts a view together from pieces in the order of their source.
type viewBuilder struct {
	b      strings.Builder
	pieces []piece
}

// linear adds source[from:to] as it stands.
func (b *viewBuilder) linear(source string, from, to int) {
	if from < to {
		b.put(source[from:to], from, to, true)
	}
}

// stand adds a text that stands for the whole of a range of the source.
func (b *viewBuilder) stand(s string, from, to int) {
	if s != "" {
		b.put(s, from, to, false)
	}
}

func (b *viewBuilder) put(s string, from, to int, linear bool) {
	if n := len(b.pieces); linear && n > 0 && b.pieces[n-1].linear && b.pieces[n-1].end == from {
		b.pieces[n-1].n += len(s)
		b.pieces[n-1].end = to
	} else {
		b.pieces = append(b.pieces, piece{b.b.Len(), len(s), from, to, linear})
	}
	b.b.WriteString(s)
}

func (b *viewBuilder) view() view { return view{b.b.String(), b.pieces} }

// within is v, which was read from the text of outer, as a view of the source of
// outer: markup inside a quoted string, a quoted string inside markup.
func (v *view) within(outer *view) view {
	var b viewBuilder
	k := 0 // pieces of outer before it end before the piece at hand
	for _, p := range v.pieces {
		for k < len(outer.pieces) && outer.pieces[k].body+outer.pieces[k].n <= p.src {
			k++
		}
		body := v.body[p.body : p.body+p.n]
		if !p.linear {
			if from, to := outer.span(p.src, max(p.end, p.src+1)); to > 0 {
				b.stand(body, from, to)
			} else if n := len(b.pieces); n > 0 { // a break at the end
				b.stand(body, b.pieces[n-1].end, b.pieces[n-1].end)
			}
			continue
		}
		for j, at := k, p.src; at < p.end && j < len(outer.pieces); j++ {
			o := outer.pieces[j]
			stop := min(p.end, o.body+o.n)
			s := body[at-p.src : stop-p.src]
			if o.linear {
				b.put(s, o.src+at-o.body, o.src+stop-o.body, true)
			} else {
				b.stand(s, o.src, o.end)
			}
			at = stop
		}
	}
	return b.view()
}

// shifted is a view of a part of the source that begins at byte n.
func (v view) shifted(n int) view {
	for i := range v.pieces {
		v.pieces[i].src += n
		v.pieces[i].end += n
	}
	return v
}

// unescaped undoes character references in source[start:end], text outside of
// tags, and leaves the marks of CDATA sections (XML 1.0 §2.7) out.
func unescaped(source string, start, end int) view {
	var b viewBuilder
	b.unescape(source, start, end, true)
	return b.view()
}

func (b *viewBuilder) unescape(source string, start, end int, sections bool) {
	for from, i := start, start; ; {
		k := strings.IndexAny(source[i:end], "&<")
		if k < 0 {
			b.linear(source, from, end)
			return
		}
		i += k
		if source[i] == '&' {
			if s, n := entity(source[i:end]); n > 0 {
				b.linear(source, from, i)
				b.stand(s, i, i+n)
				i += n
				from = i
				continue
			}
		} else if sections && strings.HasPrefix(source[i:end], "<![CDATA[") {
			b.linear(source, from, i)
			i += len("<![CDATA[")
			stop := strings.Index(source[i:end], "]]>")
			if stop < 0 {
				b.linear(source, i, end)
				return
			}
			b.linear(source, i, i+stop)
			i += stop + len("]]>")
			from = i
			continue
		}
		i++
	}
}
