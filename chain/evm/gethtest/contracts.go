package gethtest

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
)

// assemble turns a text into EVM code. A word is the name of an instruction; a
// number, decimal or 0x, which is pushed; ":name", a place to jump to; or "@name",
// the push of that place. What follows ";" on a line is a comment.
func assemble(text string) []byte {
	var code []byte
	places, uses := map[string]int{}, map[int]string{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, ";")
		for _, w := range strings.Fields(line) {
			switch {
			case w[0] == ':':
				places[w[1:]] = len(code)
				code = append(code, byte(vm.JUMPDEST))
			case w[0] == '@':
				uses[len(code)+1] = w[1:]
				code = append(code, byte(vm.PUSH2), 0, 0)
			case w[0] >= '0' && w[0] <= '9':
				n, ok := new(big.Int).SetString(w, 0)
				if !ok {
					panic("no number: " + w)
				}
				b := n.Bytes()
				if len(b) == 0 {
					b = []byte{0}
				}
				code = append(append(code, byte(vm.PUSH1)+byte(len(b)-1)), b...)
			default:
				op := vm.StringToOp(w)
				if op.String() != w {
					panic("no instruction: " + w)
				}
				code = append(code, byte(op))
			}
		}
	}
	for at, name := range uses {
		place, ok := places[name]
		if !ok {
			panic("no place: " + name)
		}
		code[at], code[at+1] = byte(place>>8), byte(place)
	}
	return code
}

// deployed is the code that runs setup and then leaves runtime as the contract.
func deployed(setup, runtime []byte) []byte {
	tail := func(size int) []byte {
		return assemble(fmt.Sprintf("%d %d 0 CODECOPY %d 0 RETURN", len(runtime), size, len(runtime)))
	}
	size := len(setup)
	for range 3 { // the offset's own length bears on it
		size = len(setup) + len(tail(size))
	}
	return append(append(append([]byte{}, setup...), tail(size)...), runtime...)
}

func selector(signature string) string {
	return "0x" + hex.EncodeToString(crypto.Keccak256([]byte(signature))[:4])
}

var transferTopic = "0x" + hex.EncodeToString(crypto.Keccak256([]byte("Transfer(address,address,uint256)")))

// coinContract is an ERC-20 of six digits whose maker gets the supply. A balance
// stands in the slot of its account.
func coinContract(symbol string, supply *big.Int) []byte {
	word := hex.EncodeToString(common.RightPadBytes([]byte(symbol), 32))
	return deployed(assemble(`
		`+supply.String()+` DUP1 CALLER SSTORE
		0 MSTORE CALLER 0 `+transferTopic+` 32 0 LOG3 ; the mint
	`), assemble(`
		0 CALLDATALOAD 224 SHR
		DUP1 `+selector("transfer(address,uint256)")+` EQ @transfer JUMPI
		DUP1 `+selector("balanceOf(address)")+` EQ @balance JUMPI
		DUP1 `+selector("symbol()")+` EQ @symbol JUMPI
		DUP1 `+selector("decimals()")+` EQ @decimals JUMPI
		0 0 REVERT
		:transfer 36 CALLDATALOAD        ; amount
		DUP1 CALLER SLOAD LT @fail JUMPI ; balance < amount
		DUP1 CALLER SLOAD SUB CALLER SSTORE
		DUP1 4 CALLDATALOAD SLOAD ADD 4 CALLDATALOAD SSTORE
		0 MSTORE 4 CALLDATALOAD CALLER `+transferTopic+` 32 0 LOG3
		1 0 MSTORE 32 0 RETURN
		:fail 0 0 REVERT
		:balance 4 CALLDATALOAD SLOAD 0 MSTORE 32 0 RETURN
		:decimals 6 0 MSTORE 32 0 RETURN
		:symbol 32 0 MSTORE `+fmt.Sprint(len(symbol))+` 32 MSTORE 0x`+word+` 64 MSTORE 96 0 RETURN
	`))
}

// pictureContract is an ERC-721 that lets anybody mint and move: the owner of a
// token stands in the slot of its id.
func pictureContract() []byte {
	return deployed(nil, assemble(`
		0 CALLDATALOAD 224 SHR
		DUP1 `+selector("mint(address,uint256)")+` EQ @mint JUMPI
		DUP1 `+selector("transferFrom(address,address,uint256)")+` EQ @move JUMPI
		0 0 REVERT
		:mint 4 CALLDATALOAD 36 CALLDATALOAD SSTORE
		36 CALLDATALOAD 4 CALLDATALOAD 0 `+transferTopic+` 0 0 LOG4 STOP
		:move 68 CALLDATALOAD SLOAD 4 CALLDATALOAD EQ @owned JUMPI 0 0 REVERT
		:owned 36 CALLDATALOAD 68 CALLDATALOAD SSTORE
		68 CALLDATALOAD 36 CALLDATALOAD 4 CALLDATALOAD `+transferTopic+` 0 0 LOG4 STOP
	`))
}

// forwarderContract passes what it is paid on to the account in its input, and
// keeps it where that fails.
func forwarderContract() []byte {
	return deployed(nil, assemble(`0 0 0 0 CALLVALUE 0 CALLDATALOAD GAS CALL STOP`))
}

// shopContract sells: of its input (contract, seller, id) it moves the token to
// who calls, and what it is paid to the seller.
func shopContract() []byte {
	return deployed(nil, assemble(`
		`+selector("transferFrom(address,address,uint256)")+` 224 SHL 0 MSTORE
		32 CALLDATALOAD 4 MSTORE CALLER 36 MSTORE 64 CALLDATALOAD 68 MSTORE
		0 0 100 0 0 0 CALLDATALOAD GAS CALL @moved JUMPI 0 0 REVERT
		:moved 0 0 0 0 CALLVALUE 32 CALLDATALOAD GAS CALL STOP
	`))
}

// refuserContract takes nothing.
func refuserContract() []byte { return deployed(nil, assemble(`0 0 REVERT`)) }
