package link

import "tamga"

// Persona is a vendor or author on one market or channel, with what is known of it.
type Persona struct {
	ID       string   // of the caller; goes into the link
	Market   string   // empty where unknown
	Name     string   // empty where unknown
	Keys     []string // PGP fingerprints, or digests of the key packet
	Mails    []string // addresses, of the user ids of the keys too
	Contacts []string // "service:name"
	Wallets  []string // "chain:address"
	Bio      string
	Texts    []string // of listings and posts
}

func (p *Persona) party() tamga.Party { return tamga.Party{ID: p.ID, Market: p.Market, Name: p.Name} }
