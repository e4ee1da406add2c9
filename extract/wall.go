package extract

import (
	"strings"

	"tamga"
)

// maxWall is how much text, in bytes, a page may have that stands in the way of
// another: a login form, a captcha, a queue.
const maxWall = 4000

// walls are the words of such pages, by kind, in the order they are asked.
var walls = []struct {
	kind  tamga.PageKind
	words []string
}{
	{tamga.PageDDoS, []string{"ddos protection", "anti-ddos", "anti ddos", "ddos guard", "ddos-guard", "checking your browser", "ddos attack", "ddos filter", "защита от ddos", "under attack mode"}},
	{tamga.PageQueue, []string{"your place in the queue", "place in queue", "you are in a queue", "position in queue", "you have been placed in a queue", "queue position", "waiting room", "awaiting forwarding", "estimated waiting time", "вы в очереди", "место в очереди"}},
	{tamga.PageCaptcha, []string{"captcha", "enter the characters", "prove you are human", "are you human", "not a robot", "капча", "капчу", "символы с картинки", "код с картинки"}},
}

var missing = []string{"404", "not found", "page does not exist", "does not exist", "no longer available", "internal server error", "bad gateway", "service unavailable", "access denied", "forbidden", "502", "503", "500 ", "error", "не найдена", "не найден", "не существует", "ошибка"}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// wall is the kind of a page that is no content: by its form and its few words.
func (d *document) wall() tamga.PageKind {
	body := d.markup.text.body
	text := strings.ToLower(cut(body, maxWall))
	title := strings.ToLower(d.markup.title)
	password := false
	captcha := false
	if d.tree != nil {
		password = d.tree.Find(`input[type="password" i]`).Length() > 0
		captcha = d.tree.Find(`input[name*="captcha" i], img[src*="captcha" i], img[class*="captcha" i], [id*="captcha" i]`).Length() > 0
	}
	if len(body) < maxWall/2 {
		for _, w := range walls[:2] {
			if containsAny(title, w.words) || containsAny(text, w.words) {
				return w.kind
			}
		}
	}
	login := password && (len(body) < maxWall || containsAny(title, []string{"login", "log in", "sign in", "вход", "авторизация"}))
	switch {
	case login:
		return tamga.PageLogin
	case len(body) < maxWall/2 && (captcha || containsAny(title, walls[2].words) || containsAny(text, walls[2].words)):
		return tamga.PageCaptcha
	case len(body) < maxWall/2 && (containsAny(title, missing) || len(body) < 600 && containsAny(text, missing)):
		return tamga.PageError
	}
	return tamga.PageOther
}
