package tamga

// FindingType is the kind of a recognised value.
type FindingType string

// The finding types of the extract contract (docs/json.md).
const (
	FindAddress   FindingType = "address"
	FindHandle    FindingType = "handle"
	FindAccount   FindingType = "account"
	FindPGP       FindingType = "pgp"
	FindOnion     FindingType = "onion"
	FindTxID      FindingType = "txid"
	FindPrice     FindingType = "price"
	FindQuantity  FindingType = "quantity"
	FindPurity    FindingType = "purity"
	FindSubstance FindingType = "substance"
	FindRoute     FindingType = "route"
	FindPlace     FindingType = "place"
	FindPhone     FindingType = "phone"
	FindEmail     FindingType = "email"
	FindURL       FindingType = "url"
	FindDrop      FindingType = "drop"
	FindDate      FindingType = "date"
	FindForm      FindingType = "form"
	FindSecret    FindingType = "secret"
)

// Finding is one value read by a recogniser (fact). Start and End are byte
// offsets into the UTF-8 text the recogniser was given: for a page, into its
// source after conversion to UTF-8, so that source[Start:End] == Raw always.
// Which of the further fields are set depends on Type; an unknown one is empty.
// What must not be stored (a private key, a card number) is withheld: Raw is
// empty and Value holds a keyed hash in place of the text.
type Finding struct {
	Type       FindingType `json:"type"`
	Value      string      `json:"value"` // normalised
	Raw        string      `json:"raw"`   // as it stands in the text; empty where it is withheld
	Start      int         `json:"start"`
	End        int         `json:"end"`
	Rule       string      `json:"rule"`       // recogniser@version
	Confidence float64     `json:"confidence"` // 0 to 1
	Valid      bool        `json:"valid"`      // the rule's own check (checksum, grammar) passed

	Chain   string `json:"chain,omitempty"`   // address: bitcoin, litecoin, …
	Network string `json:"network,omitempty"` // address: testnet, signet, regtest; empty is the main one
	Kind    string `json:"kind,omitempty"`    // address: p2pkh, p2wsh, xpub, …; secret: wif, xprv, seed, bip38; place: city, …
	Service string `json:"service,omitempty"` // handle, account

	ID    string `json:"id,omitempty"`    // substance: stable id
	Class string `json:"class,omitempty"` // substance: cannabis, opioids, …

	Amount    string `json:"amount,omitempty"`     // price; quantity of one piece: a decimal string
	Unit      string `json:"unit,omitempty"`       // quantity: mg g kg oz lb ml l piece blotter …
	Count     string `json:"count,omitempty"`      // quantity: number of pieces
	Total     string `json:"total,omitempty"`      // quantity: in TotalUnit
	TotalUnit string `json:"total_unit,omitempty"` // g, ml or piece
	Currency  string `json:"currency,omitempty"`   // price: ISO 4217 or asset symbol
	Per       string `json:"per,omitempty"`        // price: the unit it is asked for
	Percent   string `json:"percent,omitempty"`    // purity: a decimal string

	Created string   `json:"created,omitempty"`  // pgp: RFC 3339, UTC
	Expires string   `json:"expires,omitempty"`  // pgp
	UserIDs []string `json:"user_ids,omitempty"` // pgp: as the key holds them

	Direction string   `json:"direction,omitempty"` // route: from, to
	Countries []string `json:"countries,omitempty"` // route: ISO 3166-1 alpha-2, EU, WW
	Except    []string `json:"except,omitempty"`    // route
	Country   string   `json:"country,omitempty"`   // place
}
