package demo

import "time"

// post is a message of the forum.
type post struct {
	ID     int
	Author string
	Date   time.Time
	Text   string
}

type thread struct {
	ID    int
	Title string
	Posts []post
}

func ago(days, hours int) time.Time {
	return base.AddDate(0, 0, -days).Add(time.Duration(hours) * time.Hour)
}

// threads of the forum. The first two carry parts of the story.
func (m *Market) threads() []thread {
	return []thread{
		{12, "Where did " + storyOld + " go?", []post{
			{101, "teapot_reader", ago(26, 1), "Page of " + storyOld + " is not updated since two weeks. Anybody knows?"},
			{102, "old_customer", ago(25, 3), "He wrote on his page that he leaves this name. He always said: check the key and not the feathers. I paid to " + Wallet() + " for months, never a problem."},
			{103, "lamp_post", ago(21, 6), storyNew + " opened this week. Same two parcels a week, same no Fridays. I compared the PGP keys, judge for yourself."},
			{104, "teapot_reader", ago(20, 2), "His old listings are still up, number 999 is gone. Ordered from the new page, arrived in five days."},
		}},
		{17, "Exchange Nowhere holds my withdrawal", []post{
			{131, "grey_suit", ago(9, 5), "Sold my coins at Exchange Nowhere. They asked where the money comes from. My deposit address there was " + wallets[exchangeWallet] + ", so I know they have it."},
			{132, "lamp_post", ago(9, 1), "Posting your own deposit address in a forum. Brave."},
			{133, "grey_suit", ago(8, 7), "I can not edit it any more. Moderators please delete."},
		}},
		{21, "Вопросы по закладкам: правила форума", []post{
			{140, "модератор_нигде", ago(40, 2), "Ненаход рассматриваем только с фото. Перезаклад решает оператор магазина. Контакты магазинов в личных сообщениях, пример: @nowhere_demo_support."},
			{141, "читатель_чая", ago(38, 4), "У " + sharedA + " и " + sharedB + " один и тот же адрес для прямой оплаты: " + wallets["kervan"] + ". Это одна команда?"},
			{142, "модератор_нигде", ago(38, 1), "Не обсуждаем в общей теме."},
		}},
		{24, "Colour chart of the season", []post{
			{150, "nine_lids", ago(12, 8), "Blue teapot, pink camel, green nowhere, orange kettle. Photos are not allowed here, so only words."},
			{151, "old_customer", ago(11, 2), "Blue was weaker than the last one. Test your things, people."},
		}},
	}
}

func (m *Market) forum(home crumb) {
	all := m.threads()
	m.put("/forum", "forum.html", view{Title: "Forum", Trail: []crumb{home}, Data: all})
	for _, t := range all {
		lang := "en"
		if t.ID == 21 {
			lang = "ru"
		}
		m.put("/forum/thread/"+itoa(t.ID), "thread.html", view{
			Title: t.Title, Lang: lang, Trail: []crumb{home, {"Forum", "/forum"}}, Data: t,
		})
	}
}
