package bitcoin

import (
	"tamga/internal/address"
)

// network is what tells one Bitcoin network from another.
type network struct {
	name    string
	magic   [4]byte
	genesis string
}

var networks = []network{
	{"mainnet", [4]byte{0xf9, 0xbe, 0xb4, 0xd9}, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"},
	{"testnet", [4]byte{0x0b, 0x11, 0x09, 0x07}, "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943"},
	{"testnet4", [4]byte{0x1c, 0x16, 0x3f, 0x28}, "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"},
	{"signet", [4]byte{0x0a, 0x03, 0xcf, 0x40}, "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"},
	{"regtest", [4]byte{0xfa, 0xbf, 0xb5, 0xda}, "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"},
}

// Networks are the names of the networks that can be read: mainnet, testnet
// (the third), testnet4, signet and regtest.
func Networks() (names []string) {
	for _, n := range networks {
		names = append(names, n.name)
	}
	return names
}

func byMagic(b []byte) (network, bool) {
	if len(b) < 4 {
		return network{}, false
	}
	for _, n := range networks {
		if n.magic == [4]byte(b[:4]) {
			return n, true
		}
	}
	return network{}, false
}

func byName(name string) (network, bool) {
	for _, n := range networks {
		if n.name == name {
			return n, true
		}
	}
	return network{}, false
}

// scriptAddress is what Bitcoin Core prints for an output script.
func scriptAddress(script []byte, network string) (typ, addr string) {
	return address.FromScript(script, network)
}
