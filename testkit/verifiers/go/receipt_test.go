package verifiers

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tlogformats "github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// material is what a demo leaves for strangers.
type material struct {
	receipt, tampered, entry []byte
	vkey                     string
}

// onEach runs a test on the files of the demo, and, as a control of the test itself, on a receipt that
// Go made alone.
func onEach(t *testing.T, test func(t *testing.T, given material)) {
	t.Run("made by Go", func(t *testing.T) { test(t, made(t)) })
	t.Run("made by the demo", func(t *testing.T) {
		folder := os.Getenv("QUITTANCE_DEMO_OUT")
		if folder == "" {
			t.Skip("QUITTANCE_DEMO_OUT names no folder of a demo")
		}
		test(t, read(t, folder))
	})
}

func TestTheReceiptProvesTheEntry(t *testing.T) {
	onEach(t, func(t *testing.T, given material) {
		statement, err := Check(given.receipt, given.vkey)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(statement.Entry, given.entry) {
			t.Errorf("the receipt proves %q, not entry.bin", statement.Entry)
		}
	})
}

func TestTheEntryIsAClosure(t *testing.T) {
	onEach(t, func(t *testing.T, given material) {
		if !bytes.HasPrefix(given.entry, []byte("quittance-entry/1\nclosure\n")) {
			t.Errorf("entry.bin is %q", given.entry)
		}
	})
}

func TestTheTamperedReceiptIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, given material) {
		if bytes.Equal(given.receipt, given.tampered) {
			t.Fatal("nothing was tampered with")
		}
		if _, err := Check(given.tampered, given.vkey); err == nil {
			t.Error("accepted")
		}
	})
}

// An order, a destruction or an alarm is in the same log, under the same key, as rightly proved.
func TestAnEntryOfAnotherKindIsNoReceipt(t *testing.T) {
	for _, kind := range []string{"order", "destroyed", "tombstone", "policy", "closures", "Closure"} {
		given := madeOf(t, "quittance-entry/1\n"+kind)
		if _, err := Check(given.receipt, given.vkey); err == nil {
			t.Errorf("an entry of kind %s is accepted", kind)
		}
	}
	other := madeOf(t, "quittance-entry/2\nclosure")
	if _, err := Check(other.receipt, other.vkey); err == nil {
		t.Error("an entry of another form is accepted")
	}
}

func TestAnotherLogsKeyRefusesTheReceipt(t *testing.T) {
	onEach(t, func(t *testing.T, given material) {
		name, _, _ := strings.Cut(given.vkey, "+")
		_, other, err := note.GenerateKey(nil, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Check(given.receipt, other); err == nil {
			t.Error("accepted")
		}
	})
}

// Every flipped bit is refused. The Go packages read base64 without looking at the unused bits of its
// last letter, and ignore a carriage return; a receipt that differs only there is accepted, so the
// test asks that whatever is accepted states exactly the same.
func TestNoFlippedBitChangesWhatIsProven(t *testing.T) {
	onEach(t, func(t *testing.T, given material) {
		original, err := Check(given.receipt, given.vkey)
		if err != nil {
			t.Fatal(err)
		}
		refused, same := 0, 0
		for place := range given.receipt {
			for bit := range 8 {
				flipped := bytes.Clone(given.receipt)
				flipped[place] ^= 1 << bit
				statement, err := Check(flipped, given.vkey)
				switch {
				case err != nil:
					refused++
				case statement.Same(original):
					same++
				default:
					t.Errorf("byte %d, bit %d: accepted, states something else", place, bit)
				}
			}
		}
		t.Logf("%d of %d flips refused, %d change nothing", refused, refused+same, same)
		if same*100 > refused {
			t.Errorf("%d of %d flips were accepted: more than spare bits explain", same, refused+same)
		}
	})
}

func TestNoTruncationIsAccepted(t *testing.T) {
	onEach(t, func(t *testing.T, given material) {
		// The last line break alone may be missing: Go's line reader adds it.
		for length := range len(given.receipt) - 1 {
			if _, err := Check(given.receipt[:length], given.vkey); err == nil {
				t.Errorf("accepted with %d of %d bytes", length, len(given.receipt))
			}
		}
	})
}

func read(t *testing.T, folder string) material {
	t.Helper()
	file := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	return material{
		receipt:  file("receipt.tlog-proof"),
		tampered: file("tampered.tlog-proof"),
		entry:    file("entry.bin"),
		vkey:     strings.TrimSpace(string(file("log.vkey"))),
	}
}

// hashes is a log's stored hashes in memory.
type hashes []tlog.Hash

func (stored hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for place, index := range indexes {
		found[place] = stored[index]
	}
	return found, nil
}

// made is a log of five entries whose fourth is a closure.
func made(t *testing.T) material {
	t.Helper()
	return madeOf(t, "quittance-entry/1\nclosure")
}

// madeOf is a log of five entries that begin so.
func madeOf(t *testing.T, head string) material {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const size, index = 5, 3
	skey, vkey, err := note.GenerateKey(nil, "log.example")
	must(err)
	signer, err := note.NewSigner(skey)
	must(err)
	var stored hashes
	var entries [size][]byte
	for place := range size {
		entries[place] = fmt.Appendf(nil, "%s\n2026-01-01T00:00:0%dZ\nAA==\n", head, place)
		added, err := tlog.StoredHashes(int64(place), entries[place], stored)
		must(err)
		stored = append(stored, added...)
	}
	root, err := tlog.TreeHash(size, stored)
	must(err)
	path, err := tlog.ProveRecord(size, index, stored)
	must(err)
	text := tlogformats.Checkpoint{Origin: "log.example", Size: size, Hash: root[:]}.Marshal()
	checkpoint, err := note.Sign(&note.Note{Text: string(text)}, signer)
	must(err)
	receipt := proof.TLogProof{Index: index, Checkpoint: checkpoint, ExtraData: entries[index]}
	for _, hash := range path {
		receipt.Hashes = append(receipt.Hashes, hash)
	}
	tampered := receipt
	tampered.ExtraData = entries[index-1]
	return material{receipt.Marshal(), tampered.Marshal(), entries[index], vkey}
}
