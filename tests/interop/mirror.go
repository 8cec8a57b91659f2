// Cosignatures: what a partner signs that holds every record (C2SP tlog-cosignature).
//
// sumdb's notes know Ed25519 over the text, and take other kinds of key through the
// interface note.Verifier; this is one.

package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

const cosigner = 4 // the algorithm's number in a verifier key

type mirror struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	at   int64 // when it signed what was verified last
}

func newMirror(vkey string) (*mirror, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a verifier key")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != cosigner {
		return nil, errors.New("not the key of a cosigner")
	}
	digest := sha256.Sum256(append([]byte(parts[0]+"\n"), key...))
	hash := binary.BigEndian.Uint32(digest[:])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("the key id is not that of the key")
	}
	return &mirror{name: parts[0], hash: hash, key: key[1:]}, nil
}

func (m *mirror) Name() string    { return m.name }
func (m *mirror) KeyHash() uint32 { return m.hash }

func (m *mirror) Verify(text, payload []byte) bool {
	if len(payload) != 8+ed25519.SignatureSize {
		return false
	}
	m.at = int64(binary.BigEndian.Uint64(payload))
	said := fmt.Sprintf("cosignature/v1\ntime %d\n%s", m.at, text)
	return ed25519.Verify(m.key, []byte(said), payload[8:])
}

// checkHeld says who else holds all of it; who says nothing says nothing wrong.
func checkHeld(r *report, checkpoint []byte, mirrors []*mirror) {
	for _, one := range mirrors {
		_, err := note.Open(checkpoint, note.VerifierList(one))
		switch err.(type) {
		case nil:
			at := time.Unix(one.at, 0).UTC().Format(time.RFC3339)
			r.say("held", fmt.Sprintf("by %s, %s", one.name, at))
		case *note.UnverifiedNoteError:
			r.say("held", fmt.Sprintf("%s does not say so", one.name))
		default:
			r.say("held", one.name, found("cosignature", -1, "%v", err))
		}
	}
}
