// The tiles of a tree, none believed before the signed root vouches for it.

package main

import "golang.org/x/mod/sumdb/tlog"

// A verified tree is a tlog.HashReader. Not tlog.TileHashReader: where several of the
// subtrees under the root lie in one tile, as in a tree of 601, version 0.7 leaves as
// many other tiles uncompared, and a flipped bit goes through.
type verified struct {
	log  *published
	tree tlog.Tree
	good map[tlog.Tile][]byte
	bad  *finding // why none of them is
}

// newVerified returns the tree; its partial tiles are good if they come to the root:
// they hold all that TreeHash asks for, and it asks for all that they hold.
func newVerified(log *published, tree tlog.Tree) *verified {
	v := &verified{log: log, tree: tree, good: map[tlog.Tile][]byte{}}
	root, err := tlog.TreeHash(tree.N, tlog.HashReaderFunc(v.readUnchecked))
	if err != nil {
		v.bad = problemOf(err, "tile", -1)
	} else if tree.N > 0 && root != tree.Hash {
		v.bad = found("tile", -1, "the tiles come to the root %v", root)
	}
	return v
}

func (v *verified) readUnchecked(indexes []int64) ([]tlog.Hash, error) {
	return v.read(indexes, func(tile tlog.Tile) ([]byte, error) {
		data, problem := v.log.hashes(tile)
		if problem != nil {
			return nil, problem
		}
		return data, nil
	})
}

// ReadHashes returns hashes by tlog's own numbers, each out of a tile that is good.
func (v *verified) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	if v.bad != nil {
		return nil, v.bad
	}
	return v.read(indexes, v.tile)
}

func (v *verified) read(indexes []int64, get func(tlog.Tile) ([]byte, error)) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for at, index := range indexes {
		tile := tlog.TileForIndex(height, index)
		tile = tileAt(tile.L, tile.N, v.tree.N)
		data, err := get(tile)
		if err != nil {
			return nil, err
		}
		if hashes[at], err = tlog.HashFromTile(tile, data, index); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}

// tile returns a tile that is good: a partial one by newVerified, a full one because
// the tile above it, good itself, holds its hash.
func (v *verified) tile(tile tlog.Tile) ([]byte, error) {
	if data, ok := v.good[tile]; ok {
		return data, nil
	}
	data, problem := v.log.hashes(tile)
	if problem != nil {
		return nil, problem
	}
	if tile.W == width {
		level := tile.L*height + height
		above, err := v.ReadHashes([]int64{tlog.StoredHashIndex(level, tile.N)})
		if err != nil {
			return nil, err
		}
		left, _ := tlog.HashFromTile(tile, data, tlog.StoredHashIndex(level-1, 2*tile.N))
		right, _ := tlog.HashFromTile(tile, data, tlog.StoredHashIndex(level-1, 2*tile.N+1))
		if tlog.NodeHash(left, right) != above[0] {
			return nil, found("tile", tile.N*width, "%s does not lead to the root", pathOf(tile))
		}
	}
	v.good[tile] = data
	return data, nil
}

// tilesOf returns the tiles of a tree. Not tlog.NewTiles: that names every width that a
// partial tile ever had, and a folder keeps the last.
func tilesOf(size int64) (tiles []tlog.Tile) {
	for level := 0; size>>uint(height*level) > 0; level++ {
		for n := int64(0); n*width < size>>uint(height*level); n++ {
			tiles = append(tiles, tileAt(level, n, size))
		}
	}
	return tiles
}

// tileAt returns a tile as wide as it is in a tree of this size.
func tileAt(level int, n, size int64) tlog.Tile {
	tile := tlog.Tile{H: height, L: level, N: n, W: width}
	if here := size >> uint(height*level); here < (n+1)*width {
		tile.W = int(here - n*width)
	}
	return tile
}
