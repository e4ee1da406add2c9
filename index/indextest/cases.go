package indextest

import (
	"strings"

	"tamga/index"
)

// Case is a question with an explicit order, so that its answer is one.
type Case struct {
	Name  string
	Query index.Query
}

// texts are questions as people type them.
const texts = `
crystal
Crystals
CRYSTAL powder
crystal OR powder
crystal -powder
NOT crystal
-crystal -powder
(crystal OR powder) free
crystal (powder OR pills) -sample
"dead drop"
"drop dead"
"free shipping" OR "lab tested"
title:"dead drop"
text:"закладка магнит"
title:crystal
text:crystal
title:(crystal powder)
text:("dead drop" sample)
закладка
закладками
Закладки
кристалл
ёлка
елка
Ёлки
"ёлка елка"
мефедрон
MEФEДPOH
мой
й
йод
район
районы
o'zbek
ozbek
oʻzbekcha
vendor-name
"vendor name"
0.5g
5g
don't
dont
t.me/demo
naive
naïve
№5
fine
zerowidth
漢字
字
❄️
❄
💊 OR 🍄
emoji_snowflake
emoji_fire
"emoji_fire emoji_fire"
!!!
crystal !!!
cry*
crystals*
opening*
открыт*
закл*
title:cry*
text:за*
demo*
vendor:DemoChef
vendor:demochef
vendor:"alpine fox"
vendor:"Alpine  Fox"
vendor:alpine-fox
vendor:Снежок
vendor:снежок
vendor:zurich
vendor:(demochef nobody_42)
vendor:demo*
vendor:Al*
vendor:*
-vendor:*
market:demo-bazaar
market:"Demo Bazaar"
market:полночь
market:ПОЛНОЧЬ
market:(silkless полночь)
author:demochef
channel:demo-talk
channel:новости
from:DE
from:de
from:(DE NL)
from:DE to:US
from:DE -to:US
to:WW
from:*
-from:*
kind:listing
kind:(vendor post)
kind:capture status:404
status:200
status:>=404
outcome:captcha
outcome:dial-timeout
substances:mdma
substances:(mdma lsd)
substances:mdma substances:lsd
substances:md*
category:ecstasy
category:Ecstasy
section:drugs/mdma
section:Drugs*
currency:btc
currency:KZT
price:5
price:5.00
price:0.5
price:>10
price:>=12.5
price:<0.5
price:<=0.00000001
price:[1 TO 5]
price:{1 TO 5}
price:[1 TO 5}
price:[* TO 5]
price:[5 TO *]
price:[* TO *]
price:(1 5)
price:*
-price:*
price:[5 TO 1]
price:{5 TO 5}
price:>100 OR price:<1
quantity:[3 TO 9] unit:g
size:1024
size:[1 TO 3000]
seq:>50
seq:[10 TO 20]
seq:0
captured:2026
captured:2026-11
captured:2026-11-05
captured:>2026-11-05
captured:>=2026-11-05
captured:<2026-11-05
captured:<=2026-11-05
captured:[2026-11-05 TO 2026-11-07]
captured:{2026-11-05 TO 2026-11-07}
captured:>2026-11-05T10:30:00Z
captured:>=2026-11-05T10:30:00.4Z
captured:<=2026-11-05T12:30:00+02:00
captured:*
-captured:*
day:2026-11-05
day:(2026-11-05 2026-11-06)
day:2026-11
day:>2026-11-10
day:*
posted:*
posted:2026-10
posted:<2026-11
-posted:* kind:post
mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn
address:mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn
address:mIPCBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn
address:MIPCBBFG9GMICH81KJ8TQQDGOZUB1ZJRFN
address:mip*
address:*
shop@demo.example
email:SHOP@demo.example
@demo_shop
handle:@DEMO_SHOP
handle:demo_shop
0000000000000000000000000000000000000003
pgp:0000000000000000000000000000000000000004
url:http://demo1.onion*
url:http*
http://demo1.onion/item/5
language:en
language:RU
rating:4.9/5
deals:40~55
source:DEMO
route:tor
capture:sha256:*
id:listing*
id:vendor:0003
title:*
-title:*
text:* -title:*
names
demochef
alpine fox
снежок crystal
mdma
stimulants
*
crystal AND powder
crystal AND NOT powder
crystal OR powder OR pills OR sample OR free
((crystal))
(crystal OR (powder AND (pills OR sample)))
-(crystal OR powder)
-(kind:listing OR kind:vendor)
--crystal
`

// Cases returns the fixed questions of the suite.
func Cases() []Case {
	var out []Case
	sorts := [][]index.SortKey{
		{{Field: "seq"}}, {{Field: "captured", Desc: true}}, {{Field: "price"}}, {{Field: "price", Desc: true}},
		{{Field: "vendor"}, {Field: "title", Desc: true}}, {{Field: "id", Desc: true}}, {{Field: "posted", Desc: true}}, {{Field: "title"}},
	}
	fields := []string{"market", "vendor", "from", "substances", "kind", "day", "language", "category", "address"}
	for i, text := range strings.Split(strings.TrimSpace(texts), "\n") {
		n, err := index.Parse(text)
		if err != nil {
			panic("indextest: " + text + ": " + err.Error())
		}
		q := index.Query{Where: n, Sort: sorts[i%len(sorts)], Size: 40}
		q.Facets = []index.Facet{{Field: fields[i%len(fields)], Size: 1 + i%4}, {Field: fields[(i+4)%len(fields)], Size: 100}}
		q.Histogram = &index.Histogram{Field: []string{"captured", "posted"}[i%2]}
		out = append(out, Case{text, q})
	}
	term := func(field string, values ...string) index.Node { return index.Term{Field: field, Values: values} }
	for _, c := range []struct {
		name  string
		where index.Node
	}{
		{"nil", nil},
		{"none", index.None{}},
		{"empty bool", index.Bool{}},
		{"no values", term("vendor")},
		{"exact name", term("vendor", "DemoChef")},
		{"exact name, wrong", term("vendor", "DEMOCHEF")},
		{"folded name", index.Term{Field: "vendor", Values: []string{"DEMOCHEF"}, Fold: true}},
		{"folded look-alikes", index.Term{Field: "vendor", Values: []string{"СНЕЖОК"}, Fold: true}},
		{"fold of an address", index.Term{Field: "address", Values: []string{strings.ToLower(addresses[0])}, Fold: true}},
		{"any word", index.Text{Query: "crystal закладка", Any: true}},
		{"any word in title", index.Text{Fields: []string{"title"}, Query: "crystal powder", Any: true}},
		{"words in two fields", index.Text{Fields: []string{"title", "text"}, Query: "crystal powder"}},
		{"two of three", index.Bool{Should: []index.Node{term("from", "DE"), term("to", "US"), term("market", "silkless")}, MinShould: 2}},
		{"four of three", index.Bool{Should: []index.Node{index.All{}, index.All{}, index.All{}}, MinShould: 4}},
		{"must with should", index.Bool{Must: []index.Node{term("kind", "listing")}, Should: []index.Node{term("from", "DE")}}},
		{"must with one", index.Bool{Must: []index.Node{term("kind", "listing")}, Should: []index.Node{term("from", "DE")}, MinShould: 1}},
		{"not all", index.Bool{Not: []index.Node{index.All{}}}},
		{"not none", index.Bool{Not: []index.Node{index.None{}}}},
		{"facet own filter", index.And(term("market", "silkless"), term("kind", "listing"))},
		{"facet own in or", index.Or(term("market", "silkless"), term("kind", "listing"))},
		{"facet own in not", index.Bool{Must: []index.Node{term("kind", "listing")}, Not: []index.Node{term("market", "silkless")}}},
		{"facet own beside", index.Bool{Must: []index.Node{term("market", "silkless")}, Should: []index.Node{term("kind", "vendor")}}},
		{"facet own nested", index.Bool{Must: []index.Node{index.Bool{Must: []index.Node{term("market", "silkless"), term("kind", "listing")}, Not: []index.Node{term("from", "DE")}}}}},
		{"range of nothing", index.Range{Field: "price"}},
		{"date terms", term("captured", "2026-11-05", "2026-11-07")},
		{"number terms", term("price", "0.50", "100")},
	} {
		q := index.Query{Where: c.where, Sort: []index.SortKey{{Field: "vendor", Desc: true}}, Size: 30, Highlight: true}
		for _, f := range []string{"market", "kind", "from", "handle", "day", "outcome"} {
			q.Facets = append(q.Facets, index.Facet{Field: f})
		}
		q.Histogram = &index.Histogram{Field: "captured"}
		out = append(out, Case{c.name, q})
	}
	return out
}
