package address

import (
	"encoding/hex"
	"strings"
)

// Shapes returns what s would be were there reason to think it an address: forms
// without a checksum, of which any text has false ones. The caller needs context
// before it reports one.
func Shapes(s string) []Address {
	one := func(a Address, ok bool) []Address {
		if ok {
			return []Address{a}
		}
		return nil
	}
	switch n := len(s); {
	case n == 42 && s[:2] == "0x" && oneCase(s[2:]):
		return one(evmShape(s))
	case n == 42 && s[:2] == "41" && oneCase(s):
		return one(tronHex(s))
	case n == 66 || n == 67:
		return one(tonRaw(s))
	case n >= 32 && n <= 44:
		return one(solana(s))
	case n > 44 && n <= maxLength && strings.EqualFold(s[:4], "lno1"):
		return one(offer(s))
	}
	return nil
}

// tronHex reads the hexadecimal form of an account, 41 and 40 digits; Value is
// the base58 form of the same.
func tronHex(s string) (Address, bool) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return Address{}, false
	}
	return Address{Chain: Tron, Network: Mainnet, Kind: "hex", Value: encodeBase58Check(b), Version: -1, Payload: b[1:]}, true
}

// programs are accounts of Solana that are no wallets: programs and mints whose
// names are written wherever the ledger is spoken of.
var programs = map[string]bool{
	"TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA":  true,
	"TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb":  true,
	"ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL": true,
	"MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr":  true,
	"Memo1UhkJRfHyvLMcVucJwxXeuD728EqVddwQDwFMNo":  true,
	"metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s":  true,
	"JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4":  true,
	"675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8": true,
	"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v": true, // USDC
	"Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB": true, // USDT
}

// solana reads an account: base58 of exactly 32 bytes, without a checksum. A name
// filled up with ones, as the built-in programs have, is none, and one without
// capitals or small letters is a spoilt bech32.
func solana(s string) (Address, bool) {
	b, err := decodeBase58(s)
	if err != nil || len(b) != 32 || programs[s] || oneCase(s) || strings.Contains(s, "11111111") {
		return Address{}, false
	}
	return Address{Chain: Solana, Network: Mainnet, Kind: "account", Value: s, Version: -1, Payload: b}, true
}
