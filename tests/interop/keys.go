// The key statements of a log, and what is signed by the keys that they name.

package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// What this program reads of a key statement, and of any other record.
type statement struct {
	Type, Org, Election, Origin, Identity string
	Keys                                  []struct {
		From       int64
		Role, VKey string
	}
	Revoked []struct {
		From int64
		VKey string
	}
}

// span is from which index to which a key may sign.
type span struct{ from, to int64 }

type statements struct {
	notes       [][]byte
	first       statement
	logKeys     []note.Verifier
	recordsKeys []note.Verifier
	valid       map[string]span
}

// readKeys returns what the key file names; every statement is signed by the identity
// that it names itself. That this identity is the right one is for people to compare.
func readKeys(r *report, log *published, key note.Verifier) statements {
	s := statements{valid: map[string]span{}}
	data, problem := log.read("keys")
	if problem != nil {
		r.say("keys", "not there", problem)
		return s
	}
	notes, whole := split(data)
	if !whole || len(notes) == 0 {
		r.say("keys", "not whole", found("cut-off", -1, "keys"))
		return s
	}
	s.notes = notes
	for at, one := range notes {
		if problem := s.add(one); problem != nil {
			problem.Index = int64(at)
			r.say("keys", "a statement does not hold", problem)
			return s
		}
	}
	for _, named := range s.logKeys {
		if named.Name() == key.Name() && named.KeyHash() == key.KeyHash() {
			r.say("keys", fmt.Sprintf("%d statements, the last names the log's key", len(notes)))
			return s
		}
	}
	r.say("keys", "another log key", found("wrong-key", -1, "the key statements do not name the key given"))
	return s
}

// add takes in one statement; a later one says anew what holds.
func (s *statements) add(data []byte) *finding {
	text, _, _ := bytes.Cut(data, []byte("\n\n"))
	var said statement
	if err := json.Unmarshal(text, &said); err != nil || said.Type != "key-statement/1" {
		return found("damaged", -1, "not a key statement: %v", err)
	}
	identity, err := note.NewVerifier(said.Identity)
	if err != nil {
		return found("keys", -1, "identity: %v", err)
	}
	if _, err := note.Open(data, note.VerifierList(identity)); err != nil {
		return found("keys", -1, "%v", err)
	}
	if s.first.Type == "" {
		s.first = said
	}
	s.logKeys, s.recordsKeys = nil, nil
	for _, entry := range said.Keys {
		if entry.Role != "log" && entry.Role != "records" {
			continue
		}
		key, err := note.NewVerifier(entry.VKey)
		if err != nil {
			return found("keys", -1, "%s: %v", entry.Role, err)
		}
		if entry.Role == "log" {
			s.logKeys = append(s.logKeys, key)
			continue
		}
		s.recordsKeys = append(s.recordsKeys, key)
		s.valid[idOf(key.Name(), key.KeyHash())] = span{entry.From, 1 << 62}
	}
	for _, one := range said.Revoked {
		if key, err := note.NewVerifier(one.VKey); err == nil {
			id := idOf(key.Name(), key.KeyHash())
			s.valid[id] = span{s.valid[id].from, one.From}
		}
	}
	return nil
}

// open says what is wrong with the record at index, by its own signature.
func (s *statements) open(index int64, record []byte) *finding {
	for _, known := range s.notes {
		if bytes.Equal(known, record) {
			return nil
		}
	}
	text, _, _ := bytes.Cut(record, []byte("\n\n"))
	var said statement
	if err := json.Unmarshal(text, &said); err != nil {
		return found("bad-record", index, "%v", err)
	}
	if said.Org != s.first.Org || said.Election != s.first.Election {
		return found("foreign", index, "of %s, %s", said.Org, said.Election)
	}
	opened, err := note.Open(record, note.VerifierList(s.recordsKeys...))
	if err != nil {
		return found("bad-record", index, "%v", err)
	}
	for _, signature := range opened.Sigs {
		valid := s.valid[idOf(signature.Name, signature.Hash)]
		if index >= valid.to {
			return found("set-apart", index, "its owner has revoked %s %08x", signature.Name, signature.Hash)
		}
		if index < valid.from {
			return found("revoked", index, "by %s %08x", signature.Name, signature.Hash)
		}
	}
	return nil
}

func idOf(name string, hash uint32) string { return fmt.Sprintf("%s+%08x", name, hash) }

// checkSigned opens every record with the keys of the key file.
func checkSigned(r *report, records [][]byte, s statements) {
	if len(s.notes) == 0 {
		return
	}
	var findings []*finding
	if !bytes.Equal(records[0], s.notes[0]) {
		findings = append(findings, found("keys", 0, "the first record is not the first key statement"))
	}
	there := map[string]bool{}
	for index, record := range records {
		there[string(record)] = true
		if problem := s.open(int64(index), record); problem != nil {
			findings = append(findings, problem)
		}
	}
	for at, one := range s.notes {
		if !there[string(one)] {
			findings = append(findings, found("keys", -1, "statement %d is not among the records", at+1))
		}
	}
	r.say("signed", fmt.Sprintf("%d records, each by a key of %s", len(records), s.first.Org), findings...)
}
