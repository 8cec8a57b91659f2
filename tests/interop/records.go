// The records of a log: in their place, under the signed root, signed themselves.

package main

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// checkOne proves one record with what its path needs, as somebody who asks for one.
func checkOne(r *report, log *published, tree tlog.Tree, reader tlog.HashReader, index int64, s statements) {
	if index >= tree.N {
		r.say("record", fmt.Sprint(index), found("missing", index, "a log of %d records", tree.N))
		return
	}
	records, problem := log.records(tileAt(0, index/width, tree.N))
	at := int(index % width)
	if at >= len(records) {
		if problem == nil {
			problem = found("cut-off", index, "a bundle of %d records", len(records))
		}
		r.say("record", fmt.Sprint(index), problem)
		return
	}
	problem = prove(tree, reader, index, records[at])
	if problem == nil {
		problem = s.open(index, records[at])
		// Asked about alone it is asked whether it counts, and it does not.
		if problem != nil && problem.Kind == "set-apart" {
			problem.Kind = "revoked"
		}
	}
	if problem != nil {
		r.say("record", fmt.Sprint(index), problem)
		return
	}
	r.say("record", fmt.Sprintf("%d stands under the root, and is signed", index))
}

// checkAll hashes every record anew up to the root, then compares the tiles with that.
func checkAll(r *report, log *published, tree tlog.Tree, reader tlog.HashReader, s statements) {
	records, findings := placed(log, tree, reader)
	r.say("records", fmt.Sprintf("%d of %d in their place", len(records), tree.N), findings...)
	if len(findings) > 0 || int64(len(records)) != tree.N {
		return // what they come to is no longer a question
	}
	var own stored
	for index, record := range records {
		hashes, err := tlog.StoredHashes(int64(index), record, &own)
		if err != nil {
			r.say("root", "cannot be computed", problemOf(err, "tile", int64(index)))
			return
		}
		own = append(own, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, &own)
	if err != nil || root != tree.Hash {
		r.say("root", "is not that of the records", found("altered", -1, "all records together have the root %v", root))
	} else {
		r.say("root", "computed anew from every record")
	}
	if !checkTiles(r, log, tree, &own) {
		return
	}
	for index, record := range records {
		if problem := prove(tree, reader, int64(index), record); problem != nil {
			findings = append(findings, problem)
		}
	}
	r.say("inclusion", fmt.Sprintf("a path for each of %d records", tree.N), findings...)
	checkSigned(r, records, s)
}

// placed returns the records, each compared with the hash at its place. The hashes are
// those that the signed root vouches for; where they do not lead there, none is compared.
func placed(log *published, tree tlog.Tree, reader tlog.HashReader) (all [][]byte, findings []*finding) {
	var before tlog.Hash
	for n := int64(0); n*width < tree.N; n++ {
		tile := tileAt(0, n, tree.N)
		records, problem := log.records(tile)
		want, err := hashesOf(tile, reader)
		var wrong *finding
		if err == nil {
			// What stands before the place where a file is cut may be wrong as well.
			wrong = compare(n*width, before, want, records)
			before = want[len(want)-1]
		}
		if wrong != nil {
			findings = append(findings, wrong)
		} else if problem == nil && len(records) < tile.W {
			problem = tooFew(n*width, len(records), tile.W)
		}
		if problem != nil {
			findings = append(findings, problem)
		}
		all = append(all, records...)
	}
	return all, findings
}

// tooFew says what a bundle is that ends behind a whole record, but too early.
func tooFew(first int64, here, all int) *finding {
	if here == 0 {
		return found("cut-off", first, "no record of %d", all)
	}
	return found("dropped", first+int64(here), "%d records of %d", here, all)
}

// compare says what became of the records of one bundle, by their hashes; before is
// the hash of the record that should stand before them.
func compare(first int64, before tlog.Hash, want []tlog.Hash, records [][]byte) *finding {
	var got []tlog.Hash
	for _, record := range records {
		got = append(got, tlog.RecordHash(record))
	}
	at := 0
	for at < len(got) && got[at] == want[at] {
		at++
	}
	index := first + int64(at)
	if at == len(got) {
		return nil
	}
	if at+1 < len(want) && got[at] == want[at+1] && (at+1 == len(got) || got[at+1] != want[at]) {
		return found("dropped", index, "the next record stands in its place")
	}
	for other := at + 1; other < len(got); other++ {
		if got[at] == want[other] && got[other] == want[at] {
			return found("swapped", index, "with the record at %d", first+int64(other))
		}
	}
	if at > 0 {
		before = want[at-1]
	}
	if got[at] == before {
		if at+1 < len(got) && got[at+1] == want[at] {
			return found("duplicated", index, "the record before stands here again")
		}
		return found("dropped", index, "the record before stands in its place")
	}
	return found("altered", index, "not the record that was signed for")
}

// checkTiles compares every published tile with the records' own hashes.
func checkTiles(r *report, log *published, tree tlog.Tree, own *stored) bool {
	var findings []*finding
	tiles := tilesOf(tree.N)
	for _, tile := range tiles {
		data, problem := log.hashes(tile)
		if problem != nil {
			findings = append(findings, problem)
			continue
		}
		want, err := tlog.ReadTileData(tile, own)
		if err != nil || string(want) != string(data) {
			findings = append(findings, found("tile", tile.N*width, "%s is not what the records come to", pathOf(tile)))
		}
	}
	r.say("tiles", fmt.Sprintf("%d of hashes", len(tiles)), findings...)
	return len(findings) == 0
}

// prove makes the path of a record out of the published tiles, and walks it up again.
func prove(tree tlog.Tree, reader tlog.HashReader, index int64, record []byte) *finding {
	path, err := tlog.ProveRecord(tree.N, index, reader)
	if err != nil {
		return problemOf(err, "tile", index)
	}
	err = tlog.CheckRecord(path, tree.N, tree.Hash, index, tlog.RecordHash(record))
	if err != nil {
		return found("altered", index, "%v", err)
	}
	return nil
}

func hashesOf(tile tlog.Tile, reader tlog.HashReader) ([]tlog.Hash, error) {
	indexes := make([]int64, tile.W)
	for at := range indexes {
		indexes[at] = tlog.StoredHashIndex(0, tile.N*width+int64(at))
	}
	return reader.ReadHashes(indexes)
}

// stored is every hash of the tree in tlog's own order.
type stored []tlog.Hash

func (s *stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for at, index := range indexes {
		if index >= int64(len(*s)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		hashes[at] = (*s)[index]
	}
	return hashes, nil
}
