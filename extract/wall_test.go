package extract

import (
	"slices"
	"strings"
	"testing"

	"tamga"
)

// wallPages are made pages, each with the kind that a person would give it.
var wallPages = []struct {
	name string
	kind tamga.PageKind
	page string
}{
	{"fields say login where no word does", "login", `<title>Qwx</title><form method=post>A <input name=a> B <input type=password name=b><button>→</button></form>`},
	{"login with a captcha", "login", `<title>Lantern</title><form><input name=u placeholder=Name><input type=password name=p><img src=/captcha.png><input name=captcha></form>`},
	{"register in Kazakh", "login", `<html lang=kk><title>Тіркелу</title><form>Лақап ат <input name=n> Құпиясөз <input type=password> Қайталау <input type=password><button>Тіркелу</button></form>`},
	{"login in Uzbek", "login", `<html lang=uz><title>Kirish</title><form>Login <input name=l> Parol <input type=password><button>Kirish</button></form>`},
	{"second factor in Spanish", "login", `<html lang=es><title>Verificación en dos pasos</title><h1>Verificación en dos pasos</h1><form><p>Escribe el código de autenticación.</p><input name=c><button>Enviar</button></form>`},
	{"message to decrypt", "login", "<title>Lantern</title><form><pre>-----BEGIN PGP MESSAGE-----\n\nhQEMAdemo\n-----END PGP MESSAGE-----</pre><input name=answer><button>Go</button></form>"},
	{"mnemonic", "login", `<title>Restore</title><form>Enter your mnemonic to restore the account <input name=m><button>Restore</button></form>`},
	{"change of a password", "other", `<title>Security</title><h2>Change password</h2><form>Current password <input type=password> New password <input type=password> Again <input type=password><button>Save</button></form>`},
	{"withdrawal by PIN", "other", `<title>Withdraw</title><h2>Withdraw</h2><form>Address <input name=to> Amount <input name=sum> PIN <input type=password name=pin><button>Send</button></form>`},

	{"captcha of hidden radios", "captcha", `<title>Gate</title><form>` + strings.Repeat(`<input type=radio name=c><label></label>`, 9) + `<button>OK</button></form>`},
	{"picture and a field", "captcha", `<title>Lantern</title><form><img src="data:image/png;base64,AAAA"><input name=x1><button>→</button></form>`},
	{"turnstile", "captcha", `<title>Lantern</title><form><div class="cf-turnstile" data-sitekey=0x0></div><button>Continue</button></form>`},
	{"sum in French", "captcha", `<html lang=fr><title>Contrôle</title><form>Combien font 4 + 9 ? <input name=r><button>Valider</button></form>`},
	{"clock", "captcha", `<title>Lantern</title><form><div class=clock-face></div><select name=h><option>1</select><select name=m><option>00</select><button>OK</button></form>`},
	{"characters of the address", "captcha", `<title>Lantern</title><form>demo` + strings.Repeat(`<input name=b maxlength=1>`, 4) + `.onion <button>OK</button></form>`},
	{"captcha in Uzbek", "captcha", `<html lang=uz><title>Tekshiruv</title><form><p>Rasmdagi belgilarni kiriting</p><img src=/r.png><input name=k></form>`},

	{"queue", "queue", `<title>Lantern</title><meta http-equiv=refresh content=10><p>You are number 41 in line, stay here.</p>`},
	{"queue in French", "queue", `<html lang=fr><title>Patientez</title><p>Vous êtes dans la file d'attente, votre position : 12.</p>`},
	{"queue in Kazakh", "queue", `<html lang=kk><title>Күте тұрыңыз</title><p>Сіз кезектесіз, алдыңызда 40 адам бар.</p>`},
	{"queue in Uzbek", "queue", `<html lang=uz><title>Navbat</title><p>Siz navbatdasiz. Sizdan oldin 12 kishi.</p>`},

	{"checking the browser", "ddos", `<title>Just a moment...</title><p>Checking your browser before accessing lantern.example.</p>`},
	{"wait and be sent on, Spanish", "ddos", `<html lang=es><title>Lantern</title><meta http-equiv=refresh content=5><p>Espere un momento, por favor.</p>`},
	{"script and nothing else", "ddos", `<title>Lantern</title><script>document.cookie="t=1";location.reload()</script>`},
	{"blocked", "ddos", `<title>Attention Required!</title><h1>Sorry, you have been blocked</h1><p>This website is using a security service to protect itself from online attacks.</p>`},

	{"status alone", "error", `<title>Lantern - 404</title><p>Sorry.</p><a href=/>Home</a>`},
	{"status and its name", "error", `<title>Lantern</title><h1>Error 503: Service Unavailable</h1>`},
	{"maintenance in German", "error", `<html lang=de><title>Lantern</title><h1>Wartungsarbeiten</h1><p>Wir sind bald wieder da.</p>`},
	{"not found in Uzbek", "error", `<html lang=uz><title>Lantern</title><h2>Sahifa topilmadi</h2>`},
	{"traceback", "error", "<pre>Traceback (most recent call last):\n  File \"app.py\", line 3\nKeyError: 'x'</pre>"},
	{"suspended", "error", `<title>Account Suspended</title><h1>This Account has been suspended.</h1><p>Contact your hosting provider.</p>`},
	{"error in a frame with a login", "error", `<title>Lantern</title><nav><a href=/a>Shop</a><a href=/b>Rules</a><form><input name=u><input type=password name=p></form></nav><div class=main><h1>404 Not Found</h1><p>The page you are looking for does not exist, or it has moved to another place; look for it in the catalogue or ask us where it has gone.</p></div>`},

	{"rules that speak of walls", "other", `<title>Rules</title><h1>Rules</h1><ol><li>Login only over our mirrors.<li>Captcha trouble: clear the cookies.<li>Error 502 means that we are under DDoS attack, wait in the queue.</ol>`},
	{"questions", "other", `<title>FAQ</title><h3>What if the page is not found?</h3><p>Use a mirror.</p><h3>How long is the queue?</h3><p>A minute.</p>`},
	{"empty inbox", "other", `<title>Inbox</title><h2>Inbox</h2><p>No messages. Old ones were deleted.</p>`},
	{"500 pieces", "other", `<title>Lantern</title><h1>500 members</h1><p>We thank everybody who came along in the first year.</p>`},
	{"ticket", "other", `<title>Support</title><h2>New ticket</h2><form><input name=subject><textarea name=text></textarea><img src=/captcha.png><input name=captcha><button>Send</button></form>`},
	{"settings", "other", `<title>Settings</title><h2>Settings</h2><form><select><option>EUR</select><input type=checkbox> Two-factor authentication <input name=jabber><button>Save</button></form>`},
	{"seized", "other", `<title>Seized</title><h1>This site has been seized</h1><p>By order of the court of Nowhere.</p>`},
}

func TestWalls(t *testing.T) {
	r := newReader(t)
	for _, w := range wallPages {
		p, err := r.Page(Input{Body: []byte("<html><head><meta charset=utf-8></head>" + w.page), Profile: NoProfile})
		if err != nil {
			t.Fatal(err)
		}
		if p.Kind != w.kind {
			t.Errorf("%s: %s, want %s", w.name, p.Kind, w.kind)
		}
	}
}

// A wall is one at whatever address it stands.
func TestWallsAtAddresses(t *testing.T) {
	r := newReader(t)
	for _, path := range []string{"vendor/alder", "user/login", "profile/settings?next=/"} {
		for _, w := range wallPages {
			p, err := r.Page(Input{URL: "http://market.invalid/" + path, Body: []byte("<html><head><meta charset=utf-8></head>" + w.page), Profile: NoProfile})
			if err != nil {
				t.Fatal(err)
			}
			if w.kind != tamga.PageOther && p.Kind != w.kind {
				t.Errorf("%s at %s: %s, want %s", w.name, path, p.Kind, w.kind)
			}
		}
	}
}

// A page of content is no wall whatever its frame asks for.
func TestWallsAroundContent(t *testing.T) {
	r := newReader(t)
	frame := `<nav><form>Login <input name=u><input type=password name=p></form><a href=/captcha>Captcha</a><a href=/queue>Queue</a></nav>`
	foot := `<footer>DDoS protection by Lantern. 404 errors: tell us. You are in a queue.</footer>`
	var cards strings.Builder
	for _, n := range []string{"Lemon", "Copper", "Tin", "Maple", "Birch"} {
		cards.WriteString(`<div class=card><a href="/item/` + n + `"><h4>` + n + ` Haze 5g</h4></a><span class=price>$40.00</span><a href="/vendor/alder">alder</a></div>`)
	}
	for kind, body := range map[tamga.PageKind]string{
		"listings": cards.String(),
		"listing":  `<h1>Lemon Haze 5g</h1><p>Price: <b>$40.00</b></p><p>Vendor: <a href="/vendor/alder">alder</a></p><p>Ships from: Germany</p><form><input name=n value=1><button>Buy now</button></form>`,
	} {
		p, err := r.Page(Input{Body: []byte("<html><title>Lantern</title>" + frame + "<main>" + body + "</main>" + foot), Profile: NoProfile})
		if err != nil {
			t.Fatal(err)
		}
		if p.Kind != kind {
			t.Errorf("%s, want %s", p.Kind, kind)
		}
	}
}

func TestWallWords(t *testing.T) {
	words, err := wallLexicon()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		want wallWord
	}{
		{"Вы НАХОДИТЕСЬ в очереди", saysQueue}, {"catalogin", 0}, {"Upset", 0}, {"UPS", saysError}, {"请输入验证码", saysCaptcha},
		{"you’re not a robot: prove you’re human", saysCaptcha}, {"каталог", 0},
	} {
		if got := words.title.in(c.text); got&^saysOther&^saysLine != c.want {
			t.Errorf("%q says %b, want %b", c.text, got, c.want)
		}
	}
}

// Hostile pages cost what their size costs, and are read to an end.
func TestWallsHostile(t *testing.T) {
	r := newReader(t)
	for name, body := range map[string]string{
		"many fields":    "<form>" + strings.Repeat("<input name=captcha>", 50000),
		"many headings":  strings.Repeat("<h1>404</h1>", 50000),
		"nested names":   strings.Repeat("<div class=title>", 400) + strings.Repeat("<i></i>", 20000),
		"open PGP block": "<form><input>" + strings.Repeat("-----BEGIN PGP MESSAGE-----", 20000),
		"NUL in a name":  "<A\x00><form\x00 x><input type=password>",
		"cut off":        `<form><input type=password name="`,
		"mis-encoded":    "<title>\xff\xfe404</title>\xd0<p>\xd0\x9d\xd0",
		"long script":    "<script>" + strings.Repeat("document.cookie;", 50000),
	} {
		p, err := r.Page(Input{Body: []byte(body), Profile: NoProfile})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.Contains(kinds, p.Kind) {
			t.Errorf("%s: kind %q", name, p.Kind)
		}
	}
}

func FuzzWall(f *testing.F) {
	for _, w := range wallPages {
		f.Add([]byte(w.page))
	}
	r := newReader(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := r.Page(Input{Body: body, Profile: NoProfile})
		if err != nil {
			return
		}
		if !slices.Contains(kinds, p.Kind) {
			t.Fatalf("kind %q", p.Kind)
		}
	})
}
