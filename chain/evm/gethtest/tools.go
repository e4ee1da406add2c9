//go:build tools

package gethtest

import _ "github.com/ethereum/go-ethereum/cmd/geth" // so that go.sum holds what it needs
