package crawler

import (
	"bytes"
	"net/http"

	"tamga"
)

// Bounds of the heuristics: what is looked at, and how many links make a page one
// that shows something.
const (
	classifyBytes = 64 << 10
	fewLinks      = 12
)

var (
	ddosMarks = marks("checking your browser", "ddos-guard", "ddos protection", "anti-ddos", "cf-browser-verification", "cf_chl_", "just a moment...",
		"attention required! | cloudflare", "under attack", "endgame", "защита от ddos", "проверка браузера", "проверяем ваш браузер")
	queueMarks = marks("waiting room", "in the queue", "position in queue", "position in the queue", "queue position", "you are in queue", "placed in a queue",
		"estimated waiting time", "estimated wait time", "вы в очереди", "место в очереди", "зал ожидания", "позиция в очереди")
	captchaMarks = marks("g-recaptcha", "h-captcha", "cf-turnstile", "captcha", "капча", "введите код с картинки", "введите символы")
	scriptMarks  = marks("enable javascript", "requires javascript", "javascript is required", "javascript is disabled", "turn on javascript", "включите javascript", "включить javascript",
		`id="root"`, `id="app"`, `id="__next"`, `id="__nuxt"`, "id=root", "id=app")
)

func marks(s ...string) (m [][]byte) {
	for _, x := range s {
		m = append(m, []byte(x))
	}
	return m
}

func anyOf(text []byte, ms [][]byte) (string, bool) {
	for _, m := range ms {
		if bytes.Contains(text, m) {
			return string(m), true
		}
	}
	return "", false
}

// classify tells walls from pages: what a person would see instead of what was
// asked for. It reads the decoded page, detects and never solves. A page with
// many links is a page, whatever words stand on it.
func classify(status int, header http.Header, plain []byte, links int) (o tamga.Outcome, detail string) {
	o = statusOutcome(status, header)
	if o != tamga.OutcomeOK && o != tamga.OutcomeHTTPError || links > fewLinks && o == tamga.OutcomeOK {
		return o, ""
	}
	if status == http.StatusUnauthorized {
		return tamga.OutcomeLogin, "status 401"
	}
	text := bytes.ToLower(plain[:min(len(plain), classifyBytes)])
	found := func(o tamga.Outcome, mark string) (tamga.Outcome, string) { return o, "page says " + mark }
	if mark, ok := anyOf(text, ddosMarks); ok && (o == tamga.OutcomeHTTPError || visible(text) < 1500) {
		return found(tamga.OutcomeDDoS, mark)
	}
	if mark, ok := anyOf(text, queueMarks); ok && (header.Get("Refresh") != "" || o == tamga.OutcomeHTTPError || visible(text) < 1500) {
		return found(tamga.OutcomeQueue, mark)
	}
	form := bytes.Contains(text, []byte("<form")) || bytes.Contains(text, []byte("<input"))
	password := bytes.Contains(text, []byte(`type="password"`)) || bytes.Contains(text, []byte("type=password")) || bytes.Contains(text, []byte("type='password'"))
	if mark, ok := anyOf(text, captchaMarks); ok && form && !password && visible(text) < 1500 {
		return found(tamga.OutcomeCaptcha, mark)
	}
	if form && password && (o == tamga.OutcomeOK || status == http.StatusForbidden) && visible(text) < 1500 {
		return found(tamga.OutcomeLogin, "password")
	}
	if o == tamga.OutcomeOK && links == 0 && bytes.Contains(text, []byte("<script")) {
		if mark, ok := anyOf(text, scriptMarks); ok && visible(text) < 200 {
			return found(tamga.OutcomeScriptOnly, mark)
		}
	}
	return o, ""
}

// visible counts the bytes of text outside tags, scripts and styles, roughly.
func visible(lower []byte) int {
	n := 0
	for len(lower) > 0 {
		i := bytes.IndexByte(lower, '<')
		if i < 0 {
			return n + len(bytes.TrimSpace(lower))
		}
		n += len(bytes.TrimSpace(lower[:i]))
		lower = lower[i:]
		end := []byte(">")
		for _, raw := range []string{"script", "style", "svg"} {
			if bytes.HasPrefix(lower[1:], []byte(raw)) {
				end = []byte("</" + raw)
			}
		}
		if bytes.HasPrefix(lower, []byte("<!--")) {
			end = []byte("-->")
		}
		j := bytes.Index(lower, end)
		if j < 0 {
			return n
		}
		lower = lower[j+len(end):]
		if len(end) > 3 { // the rest of the closing tag
			if k := bytes.IndexByte(lower, '>'); k >= 0 {
				lower = lower[k+1:]
			}
		}
	}
	return n
}
