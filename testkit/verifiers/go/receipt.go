// Package verifiers checks a closure receipt with programs of other authors only: the note and Merkle
// log packages of Go's own checksum database, and the C2SP formats of the transparency-dev project.
package verifiers

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	tlogformats "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// closure is how the entry of every closure begins: the form of the log's entries, then the kind.
var closure = []byte("quittance-entry/1\nclosure\n")

// Statement is what an accepted receipt says.
type Statement struct {
	Entry []byte // the log entry, as it was hashed into the tree
	Index uint64 // its place in the log
	Text  string // the signed text of the checkpoint
}

// Check says what a receipt (a C2SP tlog-proof) states, or why it is refused. It knows only the log's
// verifier key: the checkpoint must be signed by it and be of the log that it names, and the entry,
// which the receipt carries as its extra data, must be in the tree of that checkpoint, and be a closure.
func Check(receipt []byte, vkey string) (*Statement, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, fmt.Errorf("verifier key: %w", err)
	}
	var parsed proof.TLogProof
	if err := parsed.Unmarshal(receipt); err != nil {
		return nil, fmt.Errorf("form: %w", err)
	}
	opened, err := note.Open(parsed.Checkpoint, note.VerifierList(verifier))
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	var checkpoint tlogformats.Checkpoint
	if _, err := checkpoint.Unmarshal([]byte(opened.Text)); err != nil {
		return nil, fmt.Errorf("checkpoint text: %w", err)
	}
	if checkpoint.Origin != verifier.Name() {
		return nil, fmt.Errorf("checkpoint of %q, not of %q", checkpoint.Origin, verifier.Name())
	}
	if parsed.Index > math.MaxInt64 || checkpoint.Size > math.MaxInt64 {
		return nil, errors.New("index or size out of range")
	}
	if len(checkpoint.Hash) != tlog.HashSize {
		return nil, errors.New("root hash of another length")
	}
	hashes := make(tlog.RecordProof, len(parsed.Hashes))
	for place, hash := range parsed.Hashes {
		hashes[place] = hash
	}
	leaf := tlog.RecordHash(parsed.ExtraData)
	root := tlog.Hash(checkpoint.Hash)
	err = tlog.CheckRecord(hashes, int64(checkpoint.Size), root, int64(parsed.Index), leaf)
	if err != nil {
		return nil, fmt.Errorf("inclusion: %w", err)
	}
	if !bytes.HasPrefix(parsed.ExtraData, closure) {
		return nil, errors.New("the entry is no closure")
	}
	return &Statement{Entry: parsed.ExtraData, Index: parsed.Index, Text: opened.Text}, nil
}

// Same tells whether two receipts state the same.
func (statement *Statement) Same(other *Statement) bool {
	return bytes.Equal(statement.Entry, other.Entry) &&
		statement.Index == other.Index && statement.Text == other.Text
}
