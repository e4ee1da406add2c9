package bitcoin

import (
	"tamga"
	"tamga/chain"
	"tamga/chain/coinjoin"
)

// Mixes tells the transactions of a network that clustering abstains from.
func Mixes(network string) chain.Mixer {
	return func(tx *tamga.Tx) *tamga.Mix {
		if len(tx.In) < 2 || len(tx.Out) < 2 {
			return nil
		}
		c := coinjoin.Classify(tx, network)
		if !c.Abstain {
			return nil
		}
		return &tamga.Mix{TxID: tx.TxID, Kind: c.Kind, Confidence: c.Confidence, Reasons: c.Reasons}
	}
}
