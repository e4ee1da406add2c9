package extract

import (
	"errors"

	"github.com/PuerkitoBio/goquery"

	"tamga"
)

// reviews is where the feedback on the offer of a listing page stands, inside
// Element.
type reviews struct {
	Element string `toml:"element"` // one match is one rating
	Rating  field  `toml:"rating"`
	Text    field  `toml:"text"`
	Author  field  `toml:"author"`
	Date    field  `toml:"date"`

	element goquery.Matcher
}

func (r *reviews) compile() (err error) {
	if r.element, err = selector("feedback.element", r.Element); err != nil {
		return err
	}
	if r.Rating.Select == "" && r.Text.Select == "" {
		return errors.New("feedback.rating: want a field, or one in feedback.text")
	}
	for key, f := range map[string]*field{"rating": &r.Rating, "text": &r.Text, "author": &r.Author, "date": &r.Date} {
		if err := f.compile("feedback." + key); err != nil {
			return err
		}
	}
	return nil
}

// maxFeedback is how many ratings of one offer are read.
const maxFeedback = 5000

// feedback reads the ratings on a page; one without rating and text is none.
func (r *reviews) read(page *goquery.Selection) (out []tamga.Feedback) {
	page.FindMatcher(r.element).EachWithBreak(func(_ int, el *goquery.Selection) bool {
		f := tamga.Feedback{
			Rating: line(r.Rating.get(page, el)), Text: fold(r.Text.get(page, el)),
			Author: line(r.Author.get(page, el)), Date: line(r.Date.get(page, el)),
		}
		if f.Rating != "" || f.Text != "" {
			out = append(out, f)
		}
		return len(out) < maxFeedback
	})
	return out
}
