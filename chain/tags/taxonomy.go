package tags

import (
	_ "embed"
	"slices"
	"strings"
)

// The concepts a tag may name: those of GraphSense's TagPacks, and of the INTERPOL
// Darkweb and Virtual Assets taxonomy (entities 0.3, abuses 0.1) they derive from.
//
//go:embed concepts.csv
var conceptTable string

type concept struct {
	broader string
	pack    bool // of GraphSense's taxonomy, so a TagPack may name it
}

var concepts = readConcepts(conceptTable)

func readConcepts(table string) map[string]concept {
	all := map[string]concept{}
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[1:] {
		f := strings.Split(line, ",")
		if _, ok := all[f[1]]; !ok { // GraphSense's stand first
			all[f[1]] = concept{broader: f[2], pack: f[0] == "graphsense"}
		}
	}
	return all
}

// Known tells whether an id is a concept of either taxonomy.
func Known(id string) bool { _, ok := concepts[id]; return ok }

// Is tells whether a concept is another one or stands below it: an exchange is a
// service.
func Is(id, wide string) bool {
	for range len(concepts) {
		if id == wide {
			return id != ""
		}
		id = concepts[id].broader
	}
	return false
}

// packNames are what a TagPack calls the concepts that only INTERPOL's taxonomy
// has, where it has a word for them.
var packNames = map[string]string{
	"dark_market": "market", "tumbler": "mixing_service", "darknet_forum": "messaging_service",
	"peer_to_peer_exchange": "exchange", "coin_swapping": "exchange", "dex": "defi_dex",
	"virtual_asset_service_provider": "service", "service-provider": "service", "escrow": "escrow_wallet",
	"bulletproof_hosting": "hosting", "crypto_atm": "atm", "hosted-wallet": "wallet_service",
	"vendor": "user", "shop_owner": "user", "customer": "user", "actor": "entity", "bridge": "defi_bridge",
}

// packConcept is the id of a concept in a TagPack, or "".
func packConcept(id string) string {
	if concepts[id].pack {
		return id
	}
	return packNames[id]
}

// packConcepts are the ids of concepts in a TagPack, each once.
func packConcepts(ids []string) (out []string) {
	for _, c := range ids {
		if id := packConcept(c); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// level is one row of GraphSense's confidence taxonomy.
type level struct {
	id    string
	value int
}

// levels are how sure a tag is, by how its creator came by it; of two with one
// value the first stands for the value where a tag is written out.
var levels = []level{
	{"ownership", 100}, {"override", 100}, {"ledger_immanent", 100}, {"manual_transaction", 90},
	{"forensic_investigation", 70}, {"service_api", 70}, {"authority_data", 60}, {"trusted_provider", 50},
	{"service_data", 50}, {"forensic", 50}, {"untrusted_transaction", 40}, {"web_crawl", 20}, {"heuristic", 10},
	{"unknown", 5},
}

// Confidences of tags that are made here.
const (
	ConfidenceAuthority = 60 // authority_data
	ConfidenceCrawl     = 20 // web_crawl
	ConfidenceUnknown   = 5  // unknown
)

// Confidence is the value, 0 to 100, of an id of the confidence taxonomy.
func Confidence(id string) (int, bool) {
	i := slices.IndexFunc(levels, func(l level) bool { return l.id == id })
	if i < 0 {
		return 0, false
	}
	return levels[i].value, true
}

// confidenceID is the id of the highest level that a value reaches.
func confidenceID(value int) string {
	for _, l := range levels {
		if l.value == 100 && value == 100 {
			return "ledger_immanent" // claims neither a key nor an override
		}
		if l.value <= value {
			return l.id
		}
	}
	return "unknown"
}
