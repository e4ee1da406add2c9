package extract

import (
	"testing"

	"tamga"
)

const telegramPage = `<!DOCTYPE html>
<html><head><meta charset="utf-8"/><title>Exported Data</title></head><body onload="CheckLocation();">
<div class="page_wrap"><div class="page_header"><div class="content"><div class="text bold">Demo Pharmacy </div></div></div>
<div class="page_body chat_page"><div class="history">
<div class="message service" id="message-1"><div class="body details">1 January 2024</div></div>
<div class="message default clearfix" id="message12"><div class="pull_left userpic_wrap"><div class="userpic userpic1" style="width: 42px"><div class="initials">S</div></div></div>
 <div class="body"><div class="pull_right date details" title="01.01.2024 10:00:00 UTC+03:00">10:00</div><div class="from_name">Shop Demo </div>
 <div class="text">мефедрон 2 г<br>пишите <a href="https://t.me/demo_shop_bot">@demo_shop_bot</a></div></div></div>
<div class="message default clearfix joined" id="message13"><div class="body"><div class="pull_right date details" title="01.01.2024 10:01:00 UTC+03:00">10:01</div>
 <div class="reply_to details">In reply to <a href="#go_to_message12" onclick="return GoToMessage(12)">this message</a></div><div class="text">second</div></div></div>
<div class="message service" id="message14"><div class="body details">Shop Demo pinned <a href="#go_to_message12">this message</a></div></div>
<div class="message default clearfix" id="message15"><div class="pull_left userpic_wrap"></div><div class="body"><div class="pull_right date details" title="01.01.2024 10:02:00">10:02</div><div class="from_name">Buyer </div>
 <div class="pull_left forwarded userpic_wrap"></div><div class="forwarded body"><div class="from_name">Other Demo<span class="date details" title="31.12.2023 09:00:00 UTC+03:00"> 31.12.2023 09:00:00</span></div>
 <div class="media_wrap clearfix"><a class="photo_wrap clearfix pull_left" href="photos/1.jpg"><img class="photo" src="photos/1_thumb.jpg"></a></div><div class="text">passed on</div></div></div></div>
<div class="message default clearfix" id="message16"><div class="body"><div class="pull_right date details" title="01.01.2024 10:03:00 UTC+03:00">10:03</div><div class="from_name">Buyer </div>
 <div class="media_wrap clearfix"><div class="media_poll"><div class="question bold">Which?</div><div class="details">Anonymous poll</div><div class="answer">- one <span class="details">2 votes</span></div><div class="total details">2 votes</div></div></div></div></div>
</div></div></div></body></html>`

// TestTelegramExport reads a page that Telegram Desktop exports.
func TestTelegramExport(t *testing.T) {
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Page(Input{URL: "file:///ChatExport/messages.html", ContentType: "text/html", Body: []byte(telegramPage)})
	if err != nil {
		t.Fatal(err)
	}
	if p.Reader != "telegram-export@1" || p.Kind != tamga.PageChannel || len(p.Posts) != 4 {
		t.Fatalf("%s, %s, %d posts: %+v", p.Reader, p.Kind, len(p.Posts), p.Posts)
	}
	for i, want := range []tamga.Post{
		{ID: "12", Author: "Shop Demo", Text: "мефедрон 2 г\nпишите @demo_shop_bot"},
		{ID: "13", Author: "Shop Demo", Text: "second", ReplyTo: "12"},
		{ID: "15", Author: "Buyer", Text: "passed on", ForwardedFrom: "Other Demo"},
		{ID: "16", Author: "Buyer", Text: "Which?\n- one"},
	} {
		got := p.Posts[i]
		if got.ID != want.ID || got.Author != want.Author || got.Text != want.Text || got.ReplyTo != want.ReplyTo || got.ForwardedFrom != want.ForwardedFrom || got.Channel != "Demo Pharmacy" || got.URL != "file:///ChatExport/messages.html#message"+want.ID {
			t.Errorf("%+v\nwant %+v", got, want)
		}
	}
	wantTime(t, p.Posts[0].Time, "2024-01-01T07:00:00Z")
	wantTime(t, p.Posts[2].Time, "") // without a zone
	if !has(p, tamga.FindHandle, "demo_shop_bot") {
		t.Errorf("findings %+v", p.Findings)
	}
	if m := p.Posts[2].Media; len(m) != 1 || m[0] != "photo" {
		t.Errorf("media %v", m)
	}
}
