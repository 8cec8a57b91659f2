// What was found: one line a check for people, or one JSON object.

package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// The words and exit codes are those of `federation verify`, gravest first; only
// what this program can tell is here.
var kinds = []struct {
	name string
	exit int
}{
	{"forked", 20},
	{"wrong-key", 21},
	{"keys", 22},
	{"checkpoint", 23},
	{"altered", 24},
	{"dropped", 25},
	{"duplicated", 26},
	{"swapped", 27},
	{"tile", 28},
	{"foreign", 30},
	{"revoked", 31},
	{"bad-record", 32},
	{"cosignature", 34},
	{"cut-off", 37},
	{"missing", 38},
	{"damaged", 39},
}

// A finding is one thing that does not hold; index is -1 where it has no place.
type finding struct {
	Kind   string `json:"kind"`
	Index  int64  `json:"index"`
	Detail string `json:"detail"`
}

func (f *finding) Error() string { return f.Kind + ": " + f.Detail }

func found(kind string, index int64, format string, args ...any) *finding {
	return &finding{kind, index, fmt.Sprintf(format, args...)}
}

type line struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

type report struct {
	Verdict  string     `json:"verdict"`
	Exit     int        `json:"exit"`
	Size     int64      `json:"size"`
	Root     string     `json:"root"`
	Checks   []line     `json:"checks"`
	Findings []*finding `json:"findings"`
}

func newReport() *report {
	return &report{Checks: []line{}, Findings: []*finding{}}
}

// say adds a check and what it found; without findings it held.
func (r *report) say(check, detail string, findings ...*finding) {
	r.Checks = append(r.Checks, line{check, len(findings) == 0, detail})
	r.Findings = append(r.Findings, findings...)
}

// judge sets verdict and exit code by the gravest finding.
func (r *report) judge() {
	r.Verdict, r.Exit = "proved", 0
	for _, kind := range kinds {
		for _, one := range r.Findings {
			if one.Kind == kind.name {
				r.Verdict, r.Exit = kind.name, kind.exit
				return
			}
		}
	}
}

func (r *report) write(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	for _, one := range r.Checks {
		word := "FAILED"
		if one.OK {
			word = "ok"
		}
		fmt.Fprintf(out, "%-12s %-6s %s\n", one.Check, word, one.Detail)
	}
	for _, one := range r.Findings {
		fmt.Fprintf(out, "  %s, index %d: %s\n", one.Kind, one.Index, one.Detail)
	}
	_, err := fmt.Fprintf(out, "%s (%d)\n", r.Verdict, r.Exit)
	return err
}
