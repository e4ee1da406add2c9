package extract

import (
	"fmt"
	"testing"
)

// TestTelegramMedia: what is attached is named, each kind once; a length is no time
// of the message; what is withheld is said.
func TestTelegramMedia(t *testing.T) {
	r := newReader(t)
	p := streamPage(t, r, "https://t.me/s/Nowhere_Shop", telegramMedia)
	checkPage(t, p)
	checkPosts(t, p)
	if len(p.Posts) != 2 {
		t.Fatalf("%d posts", len(p.Posts))
	}
	for i, want := range []string{"Nowhere_Shop/47 price.pdf [photo document location] 12  07", "Nowhere_Shop/49  [voice]  This message is not shown here 08"} {
		x := p.Posts[i]
		if got := fmt.Sprintf("%s %s %v %s %s %s", x.ID, x.Text, x.Media, x.Views, x.Withheld, x.Time.Format("02")); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

const telegramMedia = `<html><body><div class="tgme_channel_info"></div><header class="tgme_header"></header><div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message text_not_supported_wrap js-widget_message" data-post="Nowhere_Shop/47" data-view="x"><div class="tgme_widget_message_bubble"><div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" href="https://t.me/Nowhere_Shop"><span dir="auto">Nowhere Shop</span></a></div><div class="tgme_widget_message_grouped_wrap js-message_grouped_wrap"><a class="tgme_widget_message_photo_wrap grouped_media_wrap" style="background-image:url('https://cdn.example/1.jpg')" href="https://t.me/Nowhere_Shop/47?single"></a><a class="tgme_widget_message_photo_wrap grouped_media_wrap" style="background-image:url('https://cdn.example/2.jpg')" href="https://t.me/Nowhere_Shop/48?single"></a></div><a class="tgme_widget_message_document_wrap" href="https://t.me/Nowhere_Shop/47"><div class="tgme_widget_message_document"><div class="tgme_widget_message_document_title" dir="auto">price.pdf</div><div class="tgme_widget_message_document_extra" dir="auto">1.1 KB</div></div></a><a class="tgme_widget_message_location_wrap" href="https://maps.example/?q=0,0"><div class="tgme_widget_message_location"></div></a><div class="tgme_widget_message_footer compact js-message_footer"><div class="tgme_widget_message_info short js-message_info"><span class="tgme_widget_message_views">12</span><span class="tgme_widget_message_meta"><a class="tgme_widget_message_date" href="https://t.me/Nowhere_Shop/47"><time datetime="2025-03-07T10:07:00+00:00" class="time">10:07</time></a></span></div></div></div></div></div>

<div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message js-widget_message" data-post="Nowhere_Shop/49"><div class="tgme_widget_message_bubble"><div class="tgme_widget_message_author accent_color"><a class="tgme_widget_message_owner_name" href="https://t.me/Nowhere_Shop"><span dir="auto">Nowhere Shop</span></a></div><a class="tgme_widget_message_voice_player" href="https://t.me/Nowhere_Shop/49"><audio class="tgme_widget_message_voice js-message_voice" src="https://cdn.example/v.ogg"></audio><time class="tgme_widget_message_voice_duration">0:09</time></a><div class="tgme_widget_message_error">This message is not shown here</div><span class="tgme_widget_message_meta"><a class="tgme_widget_message_date" href="https://t.me/Nowhere_Shop/49"><time datetime="2025-03-08T10:08:00+00:00" class="time">10:08</time></a></span></div></div></div></body></html>`
