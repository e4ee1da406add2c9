package extract

import (
	"regexp"
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
	{tamga.PageQueue, []string{"place in the queue", "place in queue", "you are in a queue", "you are in the queue", "you are in queue", "position in queue", "position in the queue", "placed in a queue", "placed in the queue", "queue position", "awaiting forwarding", "estimated waiting time", "estimated wait", "you are in line", "place in line", "number in line", "visitors before you", "people ahead of you", "users ahead of you", "warteschlange", "file d'attente", "cola de espera", "fila de espera", "w kolejce", "wachtrij", "sırada bekle", "вы в очереди", "место в очереди", "ваше место", "перед вами в очереди", "очередь на вход"}},
	{tamga.PageDDoS, []string{"ddos protection", "ddos-protection", "protection against ddos", "anti-ddos", "anti ddos", "antiddos", "ddos guard", "ddos-guard", "checking your browser", "check your browser", "ddos attack", "ddos filter", "ddos mitigation", "under attack mode", "site connection is secure", "security of your connection before proceeding", "just a moment...", "browser verification", "endgame", "proof of work", "proof-of-work", "you are not a bot", "ddos-schutz", "browser wird überprüft", "protection ddos", "anti-ddos", "protección ddos", "verificando tu navegador", "enable javascript and cookies to continue", "this process is automatic", "защита от ddos", "защиты от ddos", "проверка браузера", "проверка вашего браузера"}},
	{tamga.PageQueue, []string{"access queue", "waiting room", "waiting line", "очередь"}},
	{tamga.PageCaptcha, []string{"captcha", "enter the characters", "enter the text", "enter the code shown", "enter the letters", "type the characters", "characters you see", "letters in the image", "code from the image", "code in the picture", "prove you are human", "prove that you are", "are you human", "are you a human", "you are human", "verify you are", "not a robot", "human verification", "human check", "security check", "solve the puzzle", "solve this", "time that the clock", "select the time", "what time", "select all images", "click on the", "find the open circle", "zeichen aus dem bild", "zeichen im bild", "zeichen auf dem bild", "sicherheitsabfrage", "sicherheitscode", "caractères de l'image", "caractères affichés", "code de sécurité", "caracteres de la imagen", "código de la imagen", "caratteri dell'immagine", "kod z obrazka", "znaki z obrazka", "суреттегі", "rasmdagi", "капча", "капчу", "символы с картинки", "код с картинки", "вы не робот", "я не робот"}},
}

// missing are the words of pages that say what is not there: of any short page,
// and, for the second, of a very short one alone.
var (
	missing = []string{"not found", "page does not exist", "does not exist", "doesn't exist", "no longer available", "no longer exists", "internal server error", "bad gateway", "service unavailable", "gateway time", "access denied", "forbidden", "error", "invalid request", "session has expired", "token is invalid", "csrf", "down for maintenance", "under maintenance", "maintenance mode", "be back soon", "be back shortly", "temporarily unavailable", "was removed", "has been removed", "has been deleted", "was deleted", "unable to connect", "connection refused", "took too long to respond", "onionsite", "too many requests", "rate limit", "you don't have permission", "you do not have permission", "not allowed to", "expired", "nicht gefunden", "introuvable", "n'existe pas", "no encontrad", "non trovat", "nie znalezion", "não encontrad", "niet gevonden", "bulunamadı", "wartungsarbeiten", "en maintenance", "erreur", "табылмады", "табылган жок", "topilmadi", "не найдена", "не найден", "не существует", "ошибка", "удалена", "удалён", "недоступен", "недоступна", "технические работы", "доступ запрещ"}
	// statusCode counts where nothing but a link or two stands beside it.
	statusCode = regexp.MustCompile(`\b(?:40[0-9]|41\d|429|50[0-9]|52\d)\b`)
	errorHead  = regexp.MustCompile(`(?i)\b(?:40[0-9]|41\d|429|50[0-9]|52\d)\b|not found|error\b|forbidden|denied|bad gateway|unavailable|maintenance|expired|nicht gefunden|introuvable|no encontrad|non trovat|nie znalezion|não encontrad|niet gevonden|bulunamad|wartung|erreur|fehler|не найден|ошибка|недоступ`)
	loginHead  = regexp.MustCompile(`(?i)log ?in|sign ?in|sign ?up|regist(?:er|ration)|create (?:an )?account|authenticat|2fa|two[- ]factor|anmeld|einlogg|connexion|connecte[rz]|iniciar sesi|accedi\b|zaloguj|giriş|zwei-faktor|deux facteurs|вход|авториз|регистрац|войти`)
	secondKey  = regexp.MustCompile(`(?i)2fa|two[- ]factor|2-factor|second factor|decrypt (?:the|this)|zwei-faktor|deux facteurs|dos factores|entschlüssel|двухфактор|расшифру`)
	// askedCode is what a page says that wants the code of a second factor, and
	// a page of settings does not.
	askedCode = regexp.MustCompile(`(?i)\b(?:code|token|pin|decrypt\w*|message|challenge|otp)\b|код|расшифр|сообщени`)
	// inLine is how a queue tells one's place, inPicture how a captcha asks to
	// pick among pictures.
	inLine    = regexp.MustCompile(`(?i)\b(?:number|no\.?|place|position|#)\W{0,3}\d[\d., ]*\W{0,3}in (?:the )?(?:line|queue)\b|\d[\d., ]* (?:people|users|visitors|others|persons) (?:are )?(?:before|ahead of|in front of) you`)
	inPicture = regexp.MustCompile(`(?i)\b(?:select|choose|pick|mark|tick|click)(?: on)? (?:all|every|each|the)\b.{0,24}\b(?:images?|pictures?|squares?|tiles?|photos?|cells?)\b`)
	forumWord = regexp.MustCompile(`(?i)\b(?:topics|threads|posts|replies|newest member|users online|тем|сообщений)\b`)
)

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// wallSigns are what the elements of a page say of a wall.
type wallSigns struct {
	password, captcha, form, image bool
	heads                          string // headings, in small letters
	links                          int
}

func (d *document) wallSigns() (w wallSigns) {
	if d.tree == nil {
		return w
	}
	has := func(sel string) bool { return d.tree.Find(sel).Length() > 0 }
	w.password = has(`input[type="password" i]`)
	w.captcha = has(`input[name*="captcha" i], img[src*="captcha" i], img[class*="captcha" i], [id*="captcha" i], [class*="captcha" i]`)
	w.form = has(`form, input, button`)
	w.image = has(`img, input[type="image" i], canvas, svg`)
	w.heads = strings.ToLower(d.markup.title + "\n" + text(d.tree.Find("h1,h2,h3,legend").Nodes...))
	w.links = d.tree.Find("a[href]").Length()
	return w
}

// wall is the kind of a page that is no content: by its form and its few words.
func (d *document) wall() tamga.PageKind {
	body := d.markup.text.body
	text := strings.ToLower(cut(body, maxWall))
	title := strings.ToLower(d.markup.title)
	w := d.wallSigns()
	short := len(body) < maxWall/2
	said := func(i int) bool { return containsAny(title, walls[i].words) || containsAny(text, walls[i].words) }
	// A page to log in may ask for a captcha beside; a forum's may log in beside.
	board := w.links > 12 || len(forumWord.FindAllString(text, 4)) > 3
	login := w.password && (len(body) < maxWall && !board || loginHead.MatchString(w.heads)) ||
		short && w.form && secondKey.MatchString(text) && (strings.Contains(text, "pgp") && askedCode.MatchString(text) || loginHead.MatchString(w.heads))
	page := len(body) < 600 || w.links <= 4 && len(body) < 1200
	wait := func(i int) bool {
		return short && (said(i) || i == 0 && inLine.MatchString(text)) && (page || containsAny(w.heads, walls[i].words))
	}
	switch {
	case login:
		return tamga.PageLogin
	case wait(0):
		return walls[0].kind
	case wait(1):
		return walls[1].kind
	case wait(2):
		return walls[2].kind
	case short && (w.captcha || w.form && (page || containsAny(w.heads, walls[3].words)) && (said(3) || w.image && inPicture.MatchString(text))):
		return tamga.PageCaptcha
	case short && errorHead.MatchString(w.heads) && !strings.Contains(w.heads, "?"), len(body) < 500 && w.links < 25 && (containsAny(text, missing) || w.links < 5 && statusCode.MatchString(text)) && !strings.Contains(w.heads, "?"):
		return tamga.PageError
	}
	return tamga.PageOther
}
