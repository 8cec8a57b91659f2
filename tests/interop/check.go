// Check reads a published log with the libraries of Go's checksum database:
// golang.org/x/mod/sumdb/note opens what is signed, golang.org/x/mod/sumdb/tlog does
// the arithmetic of the tree. Nothing of this project is in it.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o check .    (on Debian)
//	check [-json] [-index N] [-older FILE]... [-mirror VKEY]... BASE ORIGIN VKEY
//
// BASE is an address or a folder, VKEY the verifier key of the log (its name is the
// origin), an older FILE a checkpoint of this log from another day or another place, a
// mirror one whose cosignature is looked for. Elsewhere than on Debian, whose packages
// are golang-go and golang-golang-x-mod-dev: go mod init check && go mod tidy first.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type files []string

func (f *files) String() string     { return strings.Join(*f, ",") }
func (f *files) Set(v string) error { *f = append(*f, v); return nil }

func main() {
	var older files
	asJSON := flag.Bool("json", false, "print one JSON object")
	index := flag.Int64("index", -1, "prove only the record at this index")
	flag.Var(&older, "older", "an older checkpoint; may be given again")
	var mirrors files
	flag.Var(&mirrors, "mirror", "the key of somebody who confirms; may be given again")
	flag.Parse()
	if flag.NArg() != 3 {
		fmt.Fprintln(os.Stderr, "check [-json] [-index N] [-older FILE]... [-mirror VKEY]... BASE ORIGIN VKEY")
		os.Exit(2)
	}
	key, err := note.NewVerifier(flag.Arg(2))
	if err != nil || key.Name() != flag.Arg(1) {
		fmt.Fprintln(os.Stderr, "not the verifier key of this log:", err)
		os.Exit(2)
	}
	var known []*mirror
	for _, vkey := range mirrors {
		one, err := newMirror(vkey)
		if err != nil {
			fmt.Fprintln(os.Stderr, vkey, err)
			os.Exit(2)
		}
		known = append(known, one)
	}
	result := newReport()
	log := newPublished(flag.Arg(0), flag.Arg(1))
	check(result, log, asked{key, known, older, *index})
	result.judge()
	if err := result.write(os.Stdout, *asJSON); err != nil {
		os.Exit(1)
	}
	os.Exit(result.Exit)
}

// What is asked about a log.
type asked struct {
	key     note.Verifier
	mirrors []*mirror
	older   files
	index   int64
}

// check goes from what is signed outwards; what hangs on something that does not hold
// is not asked for.
func check(r *report, log *published, ask asked) {
	statements := readKeys(r, log, ask.key)
	data, problem := log.read("checkpoint")
	if problem != nil {
		r.say("checkpoint", "not there", problem)
		return
	}
	tree, problem := openCheckpoint(data, ask.key, statements)
	if problem != nil {
		r.say("checkpoint", "not signed by this log as it stands", problem)
		return
	}
	r.Size, r.Root = tree.N, tree.Hash.String()
	r.say("checkpoint", fmt.Sprintf("%d records, root %v, signed by %s", tree.N, tree.Hash, ask.key.Name()))
	checkHeld(r, data, ask.mirrors)
	reader := newVerified(log, tree)
	for _, path := range ask.older {
		checkOlder(r, path, ask.key, tree, reader)
	}
	if tree.N == 0 {
		return
	}
	if ask.index >= 0 {
		checkOne(r, log, tree, reader, ask.index, statements)
		return
	}
	checkAll(r, log, tree, reader, statements)
}

// openCheckpoint returns the tree that a checkpoint speaks of. Cosignatures are lines
// by keys that are not asked about here.
func openCheckpoint(data []byte, key note.Verifier, s statements) (tlog.Tree, *finding) {
	opened, err := note.Open(data, note.VerifierList(key))
	if err != nil {
		if _, other := note.Open(data, note.VerifierList(s.logKeys...)); other == nil {
			return tlog.Tree{}, found("wrong-key", -1, "signed by a key that its own key file names, not by the one given")
		}
		return tlog.Tree{}, found("checkpoint", -1, "%v", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != key.Name() {
		return tlog.Tree{}, found("checkpoint", -1, "not the three lines of a checkpoint of %s", key.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, found("checkpoint", -1, "not a size: %q", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, found("checkpoint", -1, "not a root: %q", lines[2])
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

// checkOlder proves that an older tree is the beginning of this one (RFC 6962, 2.1.2).
func checkOlder(r *report, path string, key note.Verifier, tree tlog.Tree, reader tlog.HashReader) {
	data, err := os.ReadFile(path)
	if err != nil {
		r.say("consistency", path, found("missing", -1, "%v", err))
		return
	}
	old, problem := openCheckpoint(data, key, statements{})
	if problem != nil {
		r.say("consistency", path, problem)
		return
	}
	said := fmt.Sprintf("from %d to %d records", old.N, tree.N)
	switch {
	case old.N == 0:
		r.say("consistency", said)
	case old.N > tree.N:
		r.say("consistency", said+": the published one is the older; not comparable")
	case old.N == tree.N && old.Hash != tree.Hash:
		r.say("consistency", said, found("forked", -1, "two roots for %d records, both signed", old.N))
	case old.N == tree.N:
		r.say("consistency", said)
	default:
		proof, err := tlog.ProveTree(tree.N, old.N, reader)
		if err != nil {
			r.say("consistency", said, problemOf(err, "tile", -1))
			return
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			r.say("consistency", said, found("forked", -1, "%v: both are signed", err))
			return
		}
		r.say("consistency", fmt.Sprintf("%s, by %d hashes", said, len(proof)))
	}
}

// problemOf returns the finding that a library handed back, or one of this kind.
func problemOf(err error, kind string, index int64) *finding {
	if known, ok := err.(*finding); ok {
		return known
	}
	return found(kind, index, "%v", err)
}
