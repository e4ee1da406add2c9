package address

import (
	"bytes"
	"fmt"
)

// Script types as Bitcoin Core names them in scriptPubKey.type.
const (
	TypeNonstandard   = "nonstandard"
	TypeAnchor        = "anchor"
	TypePubKey        = "pubkey"
	TypePubKeyHash    = "pubkeyhash"
	TypeScriptHash    = "scripthash"
	TypeMultisig      = "multisig"
	TypeNullData      = "nulldata"
	TypeWitnessV0Key  = "witness_v0_keyhash"
	TypeWitnessV0Hash = "witness_v0_scripthash"
	TypeTaproot       = "witness_v1_taproot"
	TypeWitness       = "witness_unknown"
)

const (
	op0             = 0x00
	opPushData1     = 0x4c
	opPushData2     = 0x4d
	opPushData4     = 0x4e
	op1             = 0x51
	op16            = 0x60
	opReturn        = 0x6a
	opDup           = 0x76
	opEqual         = 0x87
	opEqualVerify   = 0x88
	opHash160       = 0xa9
	opCheckSig      = 0xac
	opCheckMultisig = 0xae
)

// maxMultisigKeys is MAX_PUBKEYS_PER_MULTISIG of Bitcoin Core.
const maxMultisigKeys = 20

type prefixes struct {
	p2pkh, p2sh byte
	hrp         string
}

func networkPrefixes(network string) prefixes {
	switch network {
	case Mainnet, "":
		return prefixes{0x00, 0x05, "bc"}
	case Regtest:
		return prefixes{0x6f, 0xc4, "bcrt"}
	default: // testnet3, testnet4, signet
		return prefixes{0x6f, 0xc4, "tb"}
	}
}

// ScriptType names the type of an output script by the rules of Bitcoin Core's
// Solver, and returns the part that its address is made of: a hash or a witness
// program, nil where Core prints no address.
func ScriptType(script []byte) (typ string, payload []byte) {
	n := len(script)
	if n == 23 && script[0] == opHash160 && script[1] == 20 && script[22] == opEqual {
		return TypeScriptHash, script[2:22]
	}
	if version, program, ok := witnessProgram(script); ok {
		switch {
		case version == 0 && len(program) == 20:
			return TypeWitnessV0Key, program
		case version == 0 && len(program) == 32:
			return TypeWitnessV0Hash, program
		case version == 1 && len(program) == 32:
			return TypeTaproot, program
		case version == 1 && bytes.Equal(program, []byte{0x4e, 0x73}):
			return TypeAnchor, program
		case version != 0:
			return TypeWitness, program
		}
		return TypeNonstandard, nil
	}
	switch {
	case n >= 1 && script[0] == opReturn && pushOnly(script[1:]):
		return TypeNullData, nil
	case n == 67 && script[0] == 65 && script[66] == opCheckSig && validKey(script[1:66]),
		n == 35 && script[0] == 33 && script[34] == opCheckSig && validKey(script[1:34]):
		return TypePubKey, nil
	case n == 25 && script[0] == opDup && script[1] == opHash160 && script[2] == 20 &&
		script[23] == opEqualVerify && script[24] == opCheckSig:
		return TypePubKeyHash, script[3:23]
	case isMultisig(script):
		return TypeMultisig, nil
	}
	return TypeNonstandard, nil
}

// FromScript names the type of an output script and the address that present-day
// Bitcoin Core prints for it on the network: empty for pubkey, multisig,
// nulldata and nonstandard.
func FromScript(script []byte, network string) (typ, addr string) {
	typ, payload := ScriptType(script)
	if payload == nil {
		return typ, ""
	}
	p := networkPrefixes(network)
	switch typ {
	case TypePubKeyHash:
		return typ, encodeBase58Check(append([]byte{p.p2pkh}, payload...))
	case TypeScriptHash:
		return typ, encodeBase58Check(append([]byte{p.p2sh}, payload...))
	}
	version := 0
	if script[0] != op0 {
		version = int(script[0]) - op1 + 1
	}
	return typ, encodeSegwit(p.hrp, version, payload)
}

// ToScript returns the output script that pays to a.
func ToScript(a Address) ([]byte, error) {
	switch a.Kind {
	case "p2pkh":
		s := append([]byte{opDup, opHash160, 20}, a.Payload...)
		return append(s, opEqualVerify, opCheckSig), nil
	case "p2sh":
		s := append([]byte{opHash160, 20}, a.Payload...)
		return append(s, opEqual), nil
	case "p2wpkh", "p2wsh", "p2tr", "witness":
		op := byte(op0)
		if a.Version > 0 {
			op = byte(op1 + a.Version - 1)
		}
		return append([]byte{op, byte(len(a.Payload))}, a.Payload...), nil
	}
	return nil, fmt.Errorf("address %s of kind %s stands for no single script", a.Value, a.Kind)
}

// witnessProgram reads a script of BIP-141's form: a version opcode and one
// direct push of 2 to 40 bytes.
func witnessProgram(s []byte) (version int, program []byte, ok bool) {
	if len(s) < 4 || len(s) > 42 || int(s[1])+2 != len(s) {
		return 0, nil, false
	}
	switch {
	case s[0] == op0:
		return 0, s[2:], true
	case s[0] >= op1 && s[0] <= op16:
		return int(s[0]) - op1 + 1, s[2:], true
	}
	return 0, nil, false
}

// nextOp reads one opcode with its data.
func nextOp(s []byte) (op byte, data, rest []byte, ok bool) {
	if len(s) == 0 {
		return 0, nil, nil, false
	}
	op, s = s[0], s[1:]
	size, width := uint64(0), 0
	switch {
	case op < opPushData1:
		size = uint64(op)
	case op == opPushData1:
		width = 1
	case op == opPushData2:
		width = 2
	case op == opPushData4:
		width = 4
	default:
		return op, nil, s, true
	}
	if len(s) < width {
		return 0, nil, nil, false
	}
	for i := range width {
		size |= uint64(s[i]) << (8 * i)
	}
	s = s[width:]
	if size > uint64(len(s)) {
		return 0, nil, nil, false
	}
	return op, s[:size], s[size:], true
}

func pushOnly(s []byte) bool {
	for len(s) > 0 {
		op, _, rest, ok := nextOp(s)
		if !ok || op > op16 {
			return false
		}
		s = rest
	}
	return true
}

// validKey is CPubKey::ValidSize: the length that the first byte asks for.
func validKey(k []byte) bool {
	if len(k) == 0 {
		return false
	}
	switch k[0] {
	case 2, 3:
		return len(k) == 33
	case 4, 6, 7:
		return len(k) == 65
	}
	return false
}

// smallNumber reads a key count: OP_1 to OP_16, or 17 to 20 pushed minimally.
func smallNumber(op byte, data []byte) (int, bool) {
	if op >= op1 && op <= op16 {
		return int(op) - op1 + 1, true
	}
	if op == 1 && data[0] > 16 && data[0] <= maxMultisigKeys {
		return int(data[0]), true
	}
	return 0, false
}

func isMultisig(s []byte) bool {
	if len(s) == 0 || s[len(s)-1] != opCheckMultisig {
		return false
	}
	op, data, s, ok := nextOp(s)
	if !ok {
		return false
	}
	required, ok := smallNumber(op, data)
	if !ok {
		return false
	}
	keys := 0
	for {
		op, data, s, ok = nextOp(s)
		if !ok {
			return false
		}
		if !validKey(data) {
			break
		}
		keys++
	}
	total, ok := smallNumber(op, data)
	return ok && total >= required && total == keys && len(s) == 1
}
