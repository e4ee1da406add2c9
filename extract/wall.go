package extract

import (
	"regexp"
	"strings"

	"tamga"
)

// How much a page of walls says outside of its frame and its links, in bytes: a
// page that is all wall, one that may be, and one with a form in its way.
const (
	tinyWall  = 400
	smallWall = 900
	maxWall   = 2000
)

var (
	// A status stands at the head of a line alone, or behind the name of the site.
	statusHead = regexp.MustCompile(`(?i)^(?:(?:https?|http/[\d.]+|status|code|error|ошибка|fehler|erreur|errore?|erro|błąd|помилка|қате|xato|xatolik|hata)[\s:#№-]*)*(?:40\d|41[0-8]|42[1-9]|431|44[049]|451|49[4-9]|50\d|51[01]|52\d|530)\b[\s:.,|()–—-]*`)
	statusTail = regexp.MustCompile(`[-|:–—·(]\s*(?:error\s*)?(?:40\d|41[0-8]|429|50\d|52\d)\)?$`)
	// inLine is how a queue tells one's place.
	inLine    = regexp.MustCompile(`(?i)(?:number|no\.?|place|position|#)\W{0,3}\d[\d., ]{0,12}\W{0,3}in (?:the )?(?:line|queue)\b|\d[\d., ]{0,12}(?:people|users|visitors|others|persons) (?:are )?(?:before|ahead of|in front of) you`)
	forumWord = regexp.MustCompile(`(?i)\b(?:topics|threads|posts|replies|newest member|users online|тем|сообщений)\b`)
	sumAsked  = regexp.MustCompile(`\d\s*[+×x*−–-]\s*\d+\s*(?:=|\?)`)
)

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// wallView is the signs of a page and what its words say.
type wallView struct {
	*wallSigns
	title, heads, said, named wallWord
	status                    bool // a heading is an HTTP status
	asks                      bool // a heading is a question
}

func (d *document) wallView() wallView {
	v := wallView{wallSigns: d.wallSigns()}
	words, err := wallLexicon()
	if err != nil {
		return v
	}
	v.title = words.title.in(v.wallSigns.title)
	for i, h := range v.wallSigns.heads {
		v.heads |= words.title.in(h)
		v.asks = v.asks || i > 0 && strings.HasSuffix(h, "?")
		if m := statusHead.FindString(h); m != "" {
			rest := h[len(m):]
			v.status = v.status || rest == "" || (words.title.in(rest)|words.text.in(rest))&saysError != 0
		}
		v.status = v.status || i == 0 && statusTail.MatchString(h)
	}
	v.said = words.text.in(v.prose) | v.heads&^saysOther
	if v.length < tinyWall/2 { // all of it is a heading
		v.heads |= words.title.in(v.prose) &^ (saysOther | saysLogin)
		if m := statusHead.FindString(v.prose); m != "" && words.title.in(v.prose[len(m):])&saysError != 0 {
			v.status = true
		}
	}
	if inLine.MatchString(v.prose) {
		v.said |= saysQueue
	}
	v.named = words.field.inNames(v.names)
	return v
}

// wall is the kind of a page that is no content: by what it asks for, then by
// its few words.
func (d *document) wall() tamga.PageKind {
	v := d.wallView()
	// What a page is about in its title outweighs what it says in passing.
	about := v.heads&saysOther != 0
	plain := func(kind wallWord) bool { return !about || v.title&kind != 0 }
	page := v.length < smallWall/2 || v.links <= 4 && v.length < smallWall
	says := func(kind wallWord) bool {
		return v.length < maxWall && plain(kind) && (v.heads&kind != 0 || page && v.said&kind != 0)
	}
	switch {
	case v.login(about):
		return tamga.PageLogin
	case v.passwords > 0 && v.said&saysChange != 0:
		return tamga.PageOther
	case v.second(about):
		return tamga.PageLogin
	case says(saysQueue) && v.fields() < 2:
		return tamga.PageQueue
	case says(saysDDoS) && !v.status, v.named&saysDDoS != 0 && page && plain(saysDDoS):
		return tamga.PageDDoS
	case page && plain(saysLine) && v.said&saysLine != 0 && (v.refresh || v.title&saysLine != 0) && v.fields() == 0:
		return tamga.PageQueue
	case v.captcha(says, about):
		return tamga.PageCaptcha
	case v.broken(about):
		return tamga.PageError
	case !about && v.length < tinyWall && v.links <= 2 && v.fields() == 0 && v.said&saysWaiting != 0 && (v.refresh || v.scripted),
		v.length < 100 && v.links == 0 && v.fields() == 0 && v.scripted:
		return tamga.PageDDoS
	}
	return tamga.PageOther
}

// gate is the kind of a page that is a wall and nothing else, PageOther for any
// other: it stands at the address of the vendor or the thread that it hides.
func (d *document) gate() tamga.PageKind {
	if !d.given || !d.memo.says(vendorPath, d.base.RequestURI()) {
		return tamga.PageOther
	}
	for i := range d.page.Findings {
		if f := &d.page.Findings[i]; f.Type == tamga.FindPrice || f.Type == tamga.FindPGP && f.Rule == "pgp-key@1" {
			return tamga.PageOther
		}
	}
	if w := d.wallSigns(); w.length > tinyWall || w.links > 4 {
		return tamga.PageOther
	}
	return d.wall()
}

// fields are those that a person fills in.
func (v *wallView) fields() int {
	return v.passwords + v.texts + v.areas + v.selects + v.ticks + v.clickable + v.uploads
}

// login says whether the page asks for a password to come in. One that asks for
// it beside what it is about, in a frame or to change it, does not.
func (v *wallView) login(about bool) bool {
	login := v.heads&saysLogin != 0
	board := v.links > 12 || len(forumWord.FindAllString(v.prose, 4)) > 3
	switch {
	case v.passwords == 0:
		return v.framed > 0 && v.length < tinyWall/4 && login && !v.status
	case v.said&saysChange != 0 && v.title&saysLogin == 0,
		about && !login && (v.areas > 0 || v.selects > 0 || v.uploads > 0 || v.passwords == 1 && v.texts != 1):
		return false
	}
	return login || v.length < maxWall && !board
}

// second says whether the page asks for a second factor, or for what proves
// whose an account is.
func (v *wallView) second(about bool) bool {
	if v.passwords > 0 || v.texts == 0 && v.areas == 0 || v.texts > 8 || v.ticks > 1 || v.selects > 0 || v.uploads > 0 || v.length > maxWall {
		return false
	}
	login := v.heads&saysLogin != 0
	switch {
	case about && v.title&(saysLogin|saysSecond) == 0:
		return false
	case v.heads&saysSecond != 0, v.said&saysSecond != 0 && (v.pgp || login || v.named&saysSecond != 0 || v.length < tinyWall):
		return true
	case v.pgp && v.texts == 1 && v.areas == 0, v.named&saysSecond != 0 && v.length < tinyWall:
		return true
	}
	return v.title&saysLogin != 0 && v.length < smallWall && v.links < 8 && v.named&saysCaptcha == 0
}

// captcha says whether the page asks for what only a person should know.
func (v *wallView) captcha(says func(wallWord) bool, about bool) bool {
	if v.passwords > 0 || v.uploads > 0 || v.length > smallWall || v.areas > 0 && v.title&saysCaptcha == 0 {
		return false
	}
	asked := v.forms > 0 || v.fields() > 0
	switch {
	case v.named&saysCaptcha != 0 && asked && !about && v.links < 12:
		return true
	case says(saysCaptcha):
		return asked || v.pictures > 0 || v.length < tinyWall && v.heads&saysCaptcha != 0
	case about || v.links > 4 || v.length > tinyWall || v.status:
		return false
	case v.clickable > 0, v.boxes > 2, v.ticks > 5 && v.length < 8*v.ticks, v.ticks > 2 && v.pictures > 2:
		return true
	}
	return v.forms > 0 && v.texts == 1 && v.selects == 0 && (v.pictures > 0 || sumAsked.MatchString(v.prose))
}

// broken says whether the page tells what is not there or what went wrong.
func (v *wallView) broken(about bool) bool {
	ask := v.fields() > 1
	switch {
	case v.status:
		return v.length < 2*maxWall
	case v.title&saysFatal != 0:
		return true
	case v.said&saysFatal != 0:
		return v.length < smallWall && !about || v.length < maxWall && v.heads&saysError != 0
	case v.asks || ask || about && v.title&saysError == 0:
		return false
	case v.heads&saysError != 0:
		return v.length < smallWall
	}
	return v.said&saysError != 0 && v.length < tinyWall && v.links < 25
}
