// Command tamga watches markets, forums and channels for drug trafficking, seals
// what it sees, reads it, follows the money and shows why. See README.md.
//
// One file a verb. Standard output carries the result only; progress, logs and
// hints go to standard error.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/chain/rpc"
	"tamga/crawler"
	"tamga/evidence"
	"tamga/index"
	"tamga/internal/config"
)

// Exit codes (docs/exit-codes.md).
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitNoWorkspace = 10
	exitLocked      = 11
	exitIntegrity   = 12
	exitUnreachable = 13
	exitInterrupted = 130
)

// errIncomplete ends a verb that finished but not for everything it was given.
var errIncomplete = errors.New("finished, but not for everything")

// usageError is a wrong call.
type usageError struct{ error }

// hinted is an error with a line on what to do about it.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

func main() { os.Exit(run()) }

// run is main with an exit code, so that the script tests can call it.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := newRoot().ExecuteContext(ctx)
	if ctx.Err() != nil && err != nil {
		fmt.Fprintln(os.Stderr, "tamga: interrupted")
		return exitInterrupted
	}
	code := exitCode(err)
	if code != exitOK {
		report(err)
	}
	return code
}

func exitCode(err error) int {
	var usage usageError
	var server *rpc.Error
	var proxy *crawler.ProxyError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, errIncomplete):
		return exitIncomplete
	case errors.Is(err, config.ErrNoWorkspace):
		return exitNoWorkspace
	case errors.Is(err, config.ErrLocked):
		return exitLocked
	case errors.Is(err, evidence.ErrIntegrity):
		return exitIntegrity
	case errors.Is(err, index.ErrUnreachable), errors.As(err, &server) && server.Down, errors.As(err, &proxy), errors.Is(err, errUnreachable):
		return exitUnreachable
	}
	return exitFailed
}

// report prints one line of what and, where there is one, a hint.
func report(err error) {
	fmt.Fprintf(os.Stderr, "tamga: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
	if h := hint(err); h != "" {
		fmt.Fprintf(os.Stderr, "hint: %s\n", h)
	}
}

func hint(err error) string {
	var h hinted
	var usage usageError
	var server *rpc.Error
	var proxy *crawler.ProxyError
	switch {
	case errors.As(err, &h):
		return h.hint
	case errors.As(err, &proxy):
		return "nothing was fetched past it, and nothing is lost: start Tor, or name its SOCKS port with --proxy or crawl.proxy; `tamga doctor` tells how it is"
	case errors.As(err, &server) && server.Hint != "":
		return server.Hint
	case errors.Is(err, bitcoin.ErrKey):
		return "copy xor.dat out of the node's folder of block files beside the blk*.dat files; a node that does not mask them has none, or one of zeros"
	case errors.Is(err, bitcoin.ErrDamaged), errors.Is(err, bitcoin.ErrVersion):
		return "the index holds nothing of its own: make it again with `tamga chain index`"
	case errors.Is(err, bitcoin.ErrBlocks):
		return "put the block files back where they were, or index them again with `tamga chain index --blocks DIR`; `tamga chain status --verify` tells whether the index itself is whole"
	case errors.Is(err, rpc.ErrAnswers):
		return "what that file holds cannot be trusted: move it away, and ask the servers again with --source node or esplora"
	case errors.As(err, &usage):
		return "see `tamga --help`, or `tamga VERB --help`"
	case errors.Is(err, config.ErrNoWorkspace):
		return "make one with `tamga init DIR`, or name one with -w DIR or TAMGA_WORKSPACE"
	case errors.Is(err, config.ErrLocked):
		return "wait for the other program to end; readers (search, verify, serve) need no lock"
	case errors.Is(err, evidence.ErrIntegrity):
		return "do not write to this workspace; compare it with a copy, and read docs/formats/log.md"
	case diskFull(err):
		return "make room on the disk, then start again: what was sealed is kept"
	case errors.Is(err, chain.ErrSubject):
		return "name an address of that ledger as it was printed, or, where the verb takes one, a transaction (TXID) or an output (TXID:N); --network tells which ledger"
	case errors.Is(err, chain.ErrNotFound):
		return "whoever was asked does not hold it: `tamga chain status` tells what the local index holds, --source names others to ask"
	case errors.Is(err, index.ErrUnreachable):
		return "check index.url in tamga.toml and that the cluster answers; `tamga config show` tells where each setting comes from"
	}
	return ""
}
