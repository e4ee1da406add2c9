package main

import (
	"fmt"

	"tamga/chain/bitcoin"
)

// undoText says what a node's undo files gave, to go on with a line.
func undoText(u *bitcoin.UndoSummary) string {
	switch {
	case u == nil:
		return ""
	case u.Missing > 0:
		return fmt.Sprintf("; undo data of %d blocks, %d without", u.Blocks, u.Missing)
	}
	return fmt.Sprintf("; undo data of %d blocks", u.Blocks)
}

// warnUndo tells where undo files are there and fall short.
func (a *app) warnUndo(u *bitcoin.UndoSummary) {
	if u == nil {
		return
	}
	if u.Refused > 0 {
		a.log.Warn("undo data (rev*.dat) contradicts the blocks and is not used", "records", u.Refused)
	}
	if u.Missing > 0 {
		a.log.Warn("what some blocks spend is looked up: there is no undo data (rev*.dat) of them, or it is damaged",
			"blocks", u.Missing, "torn", u.Torn, "corrupt", u.Corrupt, "foreign", u.Foreign)
	}
}
