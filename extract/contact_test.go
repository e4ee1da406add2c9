package extract

import (
	"strings"
	"testing"

	"tamga"
)

// contact is a finding as the tables below write it: type, service, kind, value.
func contact(f tamga.Finding) string {
	value := f.Value
	if f.Raw == "" {
		value, _, _ = strings.Cut(value, " ")
	}
	parts := []string{string(f.Type)}
	for _, p := range []string{f.Service, f.Kind, value} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

const demoOnion = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkwaid"

func TestContacts(t *testing.T) {
	r := newReader(t)
	for _, c := range []struct {
		text string
		want string // parted by " | "
	}{
		{"WICKR ID.......nobodybulk", "handle wickr nobodybulk"},
		{"W i c k r : nobodybulk", "handle wickr nobodybulk"},
		{"Wickr me @ nobodybulk", "handle wickr nobodybulk"},
		{"we use wickr and signal", ""},
		{"Telegram: available on request", ""},
		{"телеграм: nobody_shop", "handle telegram name nobody_shop"},
		{"тг - @nobody_shop", "handle telegram name nobody_shop"},
		{"insta_grams", ""},
		{"t.me/+AbCdEfGhIjKlMnOp", "handle telegram invite +AbCdEfGhIjKlMnOp"},
		{"t.me/joinchat/AAAAAEabcdefgh", "handle telegram invite joinchat/AAAAAEabcdefgh"},
		{"t.me/c/1234567890/15", "handle telegram channel c/1234567890"},
		{"tg://resolve?domain=nobodybot", "handle telegram bot nobodybot"},
		{"jabber: nobody@exploit.im, nobody2@example.org", "handle xmpp nobody@exploit.im | handle xmpp nobody2@example.org"},
		{"nobody@example.org (jabber)", "handle xmpp nobody@example.org"},
		{"@nobody:matrix.example.org", "handle matrix name @nobody:matrix.example.org"},
		{"https://matrix.to/#/#room:example.org", "url https://matrix.to/#/#room:example.org | handle matrix room #room:example.org"},
		{"05" + strings.Repeat("ab", 32), "handle session id 05" + strings.Repeat("ab", 32)},
		{"03" + strings.Repeat("ab", 32), ""},
		{"session group 03" + strings.Repeat("ab", 32), "handle session group 03" + strings.Repeat("ab", 32)},
		{strings.Repeat("AB", 36) + "0000", "handle tox id " + strings.Repeat("AB", 36) + "0000"},
		{strings.Repeat("AB", 36) + "0001", ""},
		{"threema ID: ABCD1234", "handle threema id ABCD1234"},
		{"signal: nobody.42", "handle signal name nobody.42"},
		{"skype: live:.cid.0123456789abcdef", "handle skype live:.cid.0123456789abcdef"},
		{"discord: nobody#1234", "handle discord nobody#1234"},
		{"icq 123456789", "handle icq 123456789"},
		{"WhatsApp: +7 701 234 56 78", "phone +77012345678 | handle whatsapp phone +77012345678"},
		{"+7 701 234 56 78 (WhatsApp, Telegram)", "phone +77012345678 | handle whatsapp phone +77012345678 | handle telegram phone +77012345678"},
		{"wa.me/77012345678", "phone +77012345678 | handle whatsapp phone +77012345678"},
		{"звоните 8 701 234 56 78", "phone +77012345678"},
		{"8 701 234 56 78", ""},
		{"8 (701) 234-56-78", "phone +77012345678"},
		{"тел: 0555 123 456, Бишкек", "phone +996555123456"},
		{"aloqa uchun: 90 123 45 67 Toshkent", "phone +998901234567"},
		{"call 2024-04-06 12", ""},
		{"Kaspi 8 701 234 56 78", "phone +77012345678 | account kaspi phone +77012345678"},
		{"карта 4111 1111 1111 1111", "account card visa 411111******1111"},
		{"Kaspi Gold 4111111111111111", "account kaspi visa 411111******1111"},
		{"4111111111111111|12|27|123", "account card visa 411111******1111"},
		{"id=4111111111111111 in a log of numbers", ""},
		{"tracking 4111 1111 1111 1111", ""},
		{"4111 1111 1111 1111 1111 11", ""},
		{"карта 4111111111111112", ""},
		{"KZ86125KZT5004100100", "account iban iban KZ86125KZT5004100100"},
		{"KZ86125KZT5004100101", ""},
		{"GB82 WEST 1234 5698 7654 32 thanks", "account iban iban GB82WEST12345698765432"},
		{"QIWI +7 912 345 67 89", "phone +79123456789 | account qiwi wallet +79123456789"},
		{"ЮMoney 4100111111111111", "account yoomoney wallet 4100111111111111"},
		{"WMZ: Z123456789012", "account webmoney purse Z123456789012"},
		{"model Z123456789012", ""},
		{"Payeer P1234567890", "account payeer wallet P1234567890"},
		{"Perfect Money U1234567", "account perfect-money wallet U1234567"},
		{"PayPal: nobody@example.org", "email nobody@example.org | account paypal nobody@example.org"},
		{"cash app $NobodyShop", "account cashapp $NobodyShop"},
		{"amazon gift card code: ABCD-123456-EFGH", "account amazon voucher ABCD-123456-EFGH"},
		{"nobody (at) example (dot) com", "email nobody@example.com"},
		{"nobody at example dot com", "email nobody@example.com"},
		{"hxxps://shop[.]example[.]com/x", "url https://shop.example.com/x"},
		{"shop[.]example[.]com", "url shop.example.com"},
		{"@media screen { } @Override void x()", ""},
		{"npm i @types/node", ""},
		{"abcdefghijklmnop.onion", "onion v2 abcdefghijklmnop.onion"},
		{"abcdefghijklmnop", ""},
		{"stats.nobody.i2p", "onion i2p stats.nobody.i2p"},
		{strings.Repeat("abcd", 13) + ".b32.i2p", "onion i2p-b32 " + strings.Repeat("abcd", 13) + ".b32.i2p"},
	} {
		found, _ := r.Text(c.text)
		checkSpans(t, c.text, found)
		var got []string
		for _, f := range found {
			switch f.Type {
			case tamga.FindQuantity, tamga.FindPrice, tamga.FindPlace, tamga.FindSubstance, tamga.FindDate, tamga.FindForm:
			default:
				got = append(got, contact(f))
			}
		}
		if strings.Join(got, " | ") != c.want {
			t.Errorf("%q\n got %v\nwant %s", c.text, strings.Join(got, " | "), c.want)
		}
	}
}

// A card is never quoted, not even by what overlaps it.
func TestCardWithheld(t *testing.T) {
	r := newReader(t)
	text := "оплата на карту 4111 1111 1111 1111 https://example.org/?cc=4111111111111111 500 тг"
	found, _ := r.Text(text)
	n := 0
	for _, f := range found {
		if strings.Contains(f.Raw+f.Value, "1111 1111") || strings.Contains(f.Raw+f.Value, "11111111111") {
			t.Errorf("%s quotes %q %q", f.Type, f.Raw, f.Value)
		}
		if f.Type == tamga.FindAccount {
			n++
		}
	}
	if n == 0 {
		t.Error("no card found")
	}
}

// TestContactsHostile holds the recognisers to linear work and exact ranges on
// what is made to cost: each would take hours if read again from every byte.
func TestContactsHostile(t *testing.T) {
	r := newReader(t)
	n := 20000
	for _, unit := range []string{"telegram: ", "4111 ", "4111111111111111 ", "+7701234567", "+7 701 234 56 78 ", "[.]", "a[.]b", "a (at) ", "dot ", "@", "a@b.", "KZ86 ", "тел 8", "wickr id ", "t.me/", "hxxp://a[.]", "-----BEGIN PGP PUBLIC KEY BLOCK-----", ".onion", "a.i2p", "jabber (", "8(701)"} {
		text := strings.Repeat(unit, n)
		found, _ := r.Text(text)
		checkSpans(t, text, found)
	}
}

func FuzzContacts(f *testing.F) {
	for _, s := range []string{
		"wickr me: nobody77 тг @nobody_x +7 701 234 56 78 (WhatsApp)", "карта 4111 1111 1111 1111 KZ86125KZT5004100100 WMZ Z123456789012",
		"nobody (at) example [dot] com hxxps[:]//a[.]b/c x dot onion", "t.me/+AbCdEfGhIjKl @a:b.cc xmpp: a@b.cc jabber (", "\xff+7\xc2 8 (701) 234-56-78 тел.0555",
	} {
		f.Add(s)
	}
	r := newReader(f)
	f.Fuzz(func(t *testing.T, s string) {
		fs, _ := r.Text(s)
		checkSpans(t, s, fs)
	})
}
