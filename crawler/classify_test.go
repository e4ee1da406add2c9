package crawler

import (
	"net/http"
	"strings"
	"testing"

	"tamga"
)

func TestClassify(t *testing.T) {
	long := "<p>" + strings.Repeat("An invented page with a lot to read about nothing at all. ", 60)
	for name, c := range map[string]struct {
		status int
		header http.Header
		page   string
		links  int
		want   tamga.Outcome
	}{
		"page":                     {200, nil, "<p>demo", 0, tamga.OutcomeOK},
		"captcha":                  {200, nil, "<form><img src=/captcha.php><input name=code></form>", 1, tamga.OutcomeCaptcha},
		"captcha in russian":       {403, nil, "<form>Введите код с картинки <input></form>", 0, tamga.OutcomeCaptcha},
		"about captchas":           {200, nil, long + "captcha <form><input name=q></form>", 3, tamga.OutcomeOK},
		"queue":                    {200, http.Header{"Refresh": {"10"}}, "You are in the queue. Estimated wait time: 2 minutes", 0, tamga.OutcomeQueue},
		"queue in russian":         {200, nil, "<h1>Вы в очереди</h1>", 0, tamga.OutcomeQueue},
		"login":                    {200, nil, `<form><input name=user><input type="password"></form>`, 2, tamga.OutcomeLogin},
		"login with captcha":       {200, nil, `<form>captcha <input type=password></form>`, 2, tamga.OutcomeLogin},
		"login in a corner":        {200, nil, `<form><input type=password></form>`, 40, tamga.OutcomeOK},
		"401":                      {401, nil, "", 0, tamga.OutcomeLogin},
		"ddos":                     {503, nil, "<title>DDoS-Guard</title>Checking your browser before accessing", 0, tamga.OutcomeDDoS},
		"ddos with 200":            {200, nil, "Endgame: ddos protection", 0, tamga.OutcomeDDoS},
		"page that mentions ddos":  {200, nil, "our forum survived: ddos protection works", 40, tamga.OutcomeOK},
		"503":                      {503, nil, "maintenance", 0, tamga.OutcomeHTTPError},
		"script only":              {200, nil, `<div id="root"></div><script>` + strings.Repeat("x", 3000) + `</script>`, 0, tamga.OutcomeScriptOnly},
		"script asks":              {200, nil, `<noscript>Please enable JavaScript</noscript><script src=x></script>`, 0, tamga.OutcomeScriptOnly},
		"script beside text":       {200, nil, long + `<div id="root"></div><script>x</script>`, 0, tamga.OutcomeOK},
		"not found":                {404, nil, "captcha <form>", 0, tamga.OutcomeNotFound},
		"redirect":                 {302, http.Header{"Location": {"/x"}}, "captcha <form>", 0, tamga.OutcomeRedirect},
		"redirect without target":  {302, nil, "", 0, tamga.OutcomeHTTPError},
		"no content":               {204, nil, "", 0, tamga.OutcomeOK},
		"unclosed comment at once": {200, nil, "<!--<script", 0, tamga.OutcomeOK},
	} {
		h := c.header
		if h == nil {
			h = http.Header{}
		}
		if got, detail := classify(c.status, h, []byte(c.page), c.links); got != c.want {
			t.Errorf("%s: %s (%s), want %s", name, got, detail, c.want)
		}
	}
}
