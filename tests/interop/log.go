// A log as it is published: an address or a folder, and the paths below it.
//
// sumdb calls a tile tile/8/<level>/<N> (its height first, records under "data"), a
// C2SP log tile/<level>/<N> (records under "entries"); N and .p/W are written alike.

package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	height   = 8
	width    = 1 << height
	maxBytes = 1 << 25 // more than 256 records of 65,535 bytes
)

// A published log; what was read once is not asked for again.
type published struct {
	base, dir string
	kept      map[string][]byte
}

func newPublished(base, origin string) *published {
	dir := fmt.Sprintf("%x", sha256.Sum256([]byte(origin)))
	return &published{strings.TrimSuffix(base, "/"), dir, map[string][]byte{}}
}

// read returns the bytes of a path below the log's own folder.
func (p *published) read(path string) ([]byte, *finding) {
	if data, ok := p.kept[path]; ok {
		return data, nil
	}
	data, err := p.fetch(p.dir + "/" + path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, found("missing", -1, "%s", path)
	}
	if err != nil {
		return nil, found("damaged", -1, "%s: %v", path, err)
	}
	p.kept[path] = data
	return data, nil
}

func (p *published) fetch(path string) ([]byte, error) {
	if !strings.HasPrefix(p.base, "http://") && !strings.HasPrefix(p.base, "https://") {
		return os.ReadFile(filepath.Join(p.base, filepath.FromSlash(path)))
	}
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Get(p.base + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusNotFound {
		return nil, fs.ErrNotExist
	}
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New(answer.Status)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxBytes+1))
	if err == nil && len(data) > maxBytes {
		err = errors.New("too large")
	}
	return data, err
}

func pathOf(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

// readTile returns what is published for a tile: of a partial one that is not there,
// the full one, of which it is the beginning.
func (p *published) readTile(tile tlog.Tile) ([]byte, *finding) {
	data, problem := p.read(pathOf(tile))
	if problem != nil && problem.Kind == "missing" && tile.W < width {
		whole := tile
		whole.W = width
		if wider, none := p.read(pathOf(whole)); none == nil {
			return wider, nil
		}
	}
	return data, problem
}

// hashes returns the hash tile, exactly as wide as asked for.
func (p *published) hashes(tile tlog.Tile) ([]byte, *finding) {
	data, problem := p.readTile(tile)
	if problem != nil {
		return nil, problem
	}
	want := tile.W * tlog.HashSize
	if len(data) < want {
		return nil, found("cut-off", -1, "%s: %d of %d bytes", pathOf(tile), len(data), want)
	}
	if len(data) > want && len(data) != width*tlog.HashSize {
		return nil, found("damaged", -1, "%s: %d bytes, not %d", pathOf(tile), len(data), want)
	}
	return data[:want], nil
}

// records returns the records of an entry bundle, at most as many as the tile is wide.
func (p *published) records(tile tlog.Tile) ([][]byte, *finding) {
	tile.L = -1
	data, problem := p.readTile(tile)
	if problem != nil {
		return nil, problem
	}
	records, whole := split(data)
	if len(records) > tile.W {
		records = records[:tile.W]
	} else if !whole {
		return records, found("cut-off", tile.N*width+int64(len(records)), "%s", pathOf(tile))
	}
	return records, nil
}

// split takes apart what stands behind lengths of two bytes, big-endian; false: the
// last one is cut off.
func split(data []byte) (parts [][]byte, whole bool) {
	for len(data) > 0 {
		if len(data) < 2 {
			return parts, false
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		if len(data) < end {
			return parts, false
		}
		parts = append(parts, data[2:end])
		data = data[end:]
	}
	return parts, true
}
