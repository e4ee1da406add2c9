package tamga

// Party is one side of a Link: a persona on one market, or a site.
type Party struct {
	ID     string `json:"id,omitempty"` // as the source of the persona calls it
	Market string `json:"market,omitempty"`
	Name   string `json:"name"`
}

// Link says that two personas are one person, or two sites one site (claim). It
// merges nothing: both stay what they are.
type Link struct {
	A       Party    `json:"a"`
	B       Party    `json:"b"`
	Score   float64  `json:"score"`   // 0 to 1: how sure
	Reasons []Reason `json:"reasons"` // the strongest first
}

// Reason is one piece of evidence of a Link.
type Reason struct {
	Kind   string  `json:"kind"`   // pgp, contact, wallet, bio, text, name, …
	Value  string  `json:"value"`  // what both share, or how alike they are
	Weight float64 `json:"weight"` // log-odds that it adds, in nats; negative where it speaks against
}
