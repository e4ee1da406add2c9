package risk

import (
	"cmp"
	"context"
	"slices"

	"tamga"
	"tamga/chain/tags"
)

// asked are the concepts of services that keep records of their customers.
var asked = []string{
	"exchange", "wallet_service", "payment_processor", "atm", "crypto_atm", "gambling", "mining_service", "defi_custody",
	"virtual_asset_service_provider", "coin_swapping", "peer_to_peer_exchange", "hosted-wallet", "escrow", "ico", "bank",
}

// IsService says whether a concept is a service that keeps records of its customers.
func IsService(category string) bool {
	return slices.ContainsFunc(asked, func(c string) bool { return tags.Is(category, c) })
}

// about tells whether a tag names one of some concepts, or what stands below them.
func about(t tamga.Tag, wide ...string) bool {
	for _, id := range append([]string{t.Category, t.Abuse}, t.Concepts...) {
		if slices.ContainsFunc(wide, func(w string) bool { return tags.Is(id, w) }) {
			return true
		}
	}
	return false
}

// Service is who could be asked, as the tags of an address say.
type Service struct {
	Name       string `json:"service"` // the actor's label where an actor pack has it, else the tag's
	Actor      string `json:"actor,omitempty"`
	Category   string `json:"category"`
	Confidence int    `json:"confidence"`   // of the surest tag
	By         string `json:"by,omitempty"` // cluster where only the wallet is tagged

	URI           string   `json:"uri,omitempty"`
	LegalName     string   `json:"legal_name,omitempty"`
	Jurisdictions []string `json:"jurisdictions,omitempty"`

	tags []tamga.Tag
}

// key tells two services apart.
func (s *Service) key() string { return cmp.Or(s.Actor, s.Name) }

// service is the service that an address belongs to, by its surest tag; nil where
// no tag says so.
func (f *Facts) service(ctx context.Context, addr string) (*Service, error) {
	all, err := f.Tags(ctx, addr)
	if err != nil {
		return nil, err
	}
	var s *Service
	for _, t := range all {
		if !IsService(t.Category) {
			continue
		}
		if s == nil {
			s = &Service{Name: t.Label, Actor: t.Actor, Category: t.Category, Confidence: t.Confidence, By: t.By}
		}
		if t.Actor == s.Actor {
			s.tags = append(s.tags, t)
		}
	}
	if s == nil || s.Actor == "" || f.Actor == nil {
		return s, nil
	}
	a, ok, err := f.Actor(ctx, s.Actor)
	if ok {
		s.Name, s.URI, s.LegalName, s.Jurisdictions = a.Label, a.URI, a.LegalName, a.Jurisdictions
	}
	return s, err
}
