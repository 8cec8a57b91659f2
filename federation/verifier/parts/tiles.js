// The hash tiles of one history: shown to lead to the signed root, or which do not.
//
// Rule: the root is what was signed; a tile is right because it leads there. Where the
// few tiles that should do not, the same hashes are sought in the tiles below them,
// then in the records themselves, then hash by hash in most of these.
//
// Source: C2SP tlog-tiles v0.1

const ENTRIES = -1;
const TILE_PATH = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,4}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/;

function formatTilePath({ level, index, width }) {
  let number = String(index % 1000).padStart(3, "0");
  for (let rest = Math.floor(index / 1000); rest; rest = Math.floor(rest / 1000)) {
    number = `x${String(rest % 1000).padStart(3, "0")}/${number}`;
  }
  const partial = width === WIDTH ? "" : `.p/${width}`;
  return `tile/${level === ENTRIES ? "entries" : level}/${number}${partial}`;
}

/** The tile that a path names, or null. */
function parseTilePath(path) {
  const found = TILE_PATH.exec(path);
  if (!found) return null;
  const level = found[1] === "entries" ? ENTRIES : Number(found[1]);
  const index = Number(found[2].replace(/[x/]/g, ""));
  const tile = { level, index, width: found[3] === undefined ? WIDTH : Number(found[3]) };
  const isRight = tile.width > 0 && tile.width <= WIDTH && formatTilePath(tile) === path;
  return isRight ? tile : null;
}

/** The records in the bytes of a bundle, which must be `width`. */
function decodeBundle(bytes, width) {
  const leaves = decodeNotes(bytes, WIDTH);
  if (leaves.length !== width) refuse("format", `${leaves.length} records, not ${width}`);
  return leaves;
}

function splitHashes(bytes) {
  const hashes = [];
  for (let at = 0; at < bytes.length; at += 32) hashes.push(bytes.slice(at, at + 32));
  return hashes;
}

const chunksOf = (list) =>
  Array.from({ length: Math.ceil(list.length / WIDTH) }, (_, at) =>
    list.slice(at * WIDTH, (at + 1) * WIDTH),
  );

/** `roots`: over each full bundle; `edge`: the hashes of the records after them. */
async function rootOfParts({ roots, edge }) {
  const frontier = new Frontier();
  for (const root of roots) await frontier.append(root, 8);
  for (const hash of edge) await frontier.append(hash);
  return frontier.root();
}

class Tiles {
  constructor({ archive, hex, size, root, onWrong }) {
    Object.assign(this, { archive, hex, size, root, onWrong });
    this.count = Math.ceil(size / WIDTH);
  }

  widthOf(index) {
    return Math.min(WIDTH, this.size - index * WIDTH);
  }

  /** The bytes of a tile or bundle; a partial one may be cut from the full one. */
  async read(tile) {
    const path = `${this.hex}/${formatTilePath(tile)}`;
    const bytesEach = tile.level === ENTRIES ? 2 + MAX_LEAF_BYTES : 32;
    const whole = `${this.hex}/${formatTilePath({ ...tile, width: WIDTH })}`;
    if (this.archive.has(path) || !this.archive.has(whole)) {
      const bytes = await this.archive.read(path, tile.width * bytesEach);
      if (tile.level !== ENTRIES && bytes.length !== 32 * tile.width) {
        const kind = bytes.length < 32 * tile.width ? "cut-off" : "damaged";
        refuse("format", `${path} has another length`, kind);
      }
      return bytes;
    }
    const bytes = await this.archive.read(whole, WIDTH * bytesEach);
    if (tile.level !== ENTRIES) return bytes.slice(0, 32 * tile.width);
    const leaves = decodeNotes(bytes, WIDTH).slice(0, tile.width);
    return joinBytes(...leaves.flatMap((leaf) => [Uint8Array.of(leaf.length >> 8, leaf.length & 255), leaf]));
  }

  /** The same, or null and a finding. */
  async need(tile) {
    try {
      return await this.read(tile);
    } catch (error) {
      this.onWrong(error, tile);
      return null;
    }
  }

  /** The hashes that lead to the signed root, or null where none do. */
  async prove() {
    const fetched = await this.fetchParts();
    const candidates = fetched ? [fetched] : [];
    if (fetched && (await this.leads(fetched))) return this.checkAbove(fetched);
    for (const level of [0, ENTRIES]) {
      candidates.push(await this.rebuild(level));
      for (const parts of [candidates[candidates.length - 1], agreed(candidates)]) {
        if (!(await this.leads(parts))) continue;
        if (fetched) this.nameWrong(fetched, parts);
        return this.checkAbove(parts);
      }
    }
    this.onWrong(null, null);
    return null;
  }

  async leads(parts) {
    return sameBytes(await rootOfParts(parts), this.root);
  }

  async fetchParts() {
    const full = Math.floor(this.size / WIDTH);
    const roots = [];
    let isWhole = true;
    for (let index = 0; index * WIDTH < full; index += 1) {
      const bytes = await this.need({ level: 1, index, width: Math.min(WIDTH, full - index * WIDTH) });
      if (bytes) roots.push(...splitHashes(bytes));
      else isWhole = false;
    }
    const width = this.size % WIDTH;
    const last = width ? await this.need({ level: 0, index: full, width }) : new Uint8Array();
    return isWhole && last ? { roots, edge: splitHashes(last) } : null;
  }

  /** The same hashes, as what lies below gives them. */
  async rebuild(level) {
    const roots = [];
    let edge = [];
    for (let index = 0; index < this.count; index += 1) {
      const width = this.widthOf(index);
      let hashes = [];
      try {
        hashes = await this.hashesFrom(level, index);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        // Any bytes that are not it: they will not lead to the root.
        hashes = Array.from({ length: width }, () => new Uint8Array(32));
      }
      if (width === WIDTH) roots.push(await rootOf(hashes));
      else edge = hashes;
    }
    return { roots, edge };
  }

  async hashesFrom(level, index) {
    const bytes = await this.read({ level, index, width: this.widthOf(index) });
    if (level === 0) return splitHashes(bytes);
    return Promise.all(decodeBundle(bytes, this.widthOf(index)).map(hashLeaf));
  }

  /** The signed hashes of a bundle's records, or null where its tile is wrong too. */
  async leafHashes(index, shown) {
    if (index < 0 || index >= this.count) return null;
    if (this.widthOf(index) < WIDTH) return shown.edge;
    try {
      const hashes = await this.hashesFrom(0, index);
      return sameBytes(await rootOf(hashes), shown.roots[index]) ? hashes : null;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return null;
    }
  }

  nameWrong(fetched, shown) {
    chunksOf(shown.roots).forEach((right, index) => {
      const here = fetched.roots.slice(index * WIDTH, (index + 1) * WIDTH);
      const isSame = right.every((hash, at) => sameBytes(hash, here[at]));
      if (!isSame) this.onWrong(null, { level: 1, index, width: right.length });
    });
  }

  /** Note every tile above the second level that is not the one it must be. */
  async checkAbove(shown) {
    let hashes = shown.roots;
    for (let level = 2; hashes.length >= WIDTH; level += 1) {
      const full = chunksOf(hashes).filter((chunk) => chunk.length === WIDTH);
      hashes = await Promise.all(full.map(rootOf));
      for (const [index, right] of chunksOf(hashes).entries()) {
        const tile = { level, index, width: right.length };
        const bytes = await this.need(tile);
        if (bytes && !sameBytes(bytes, joinBytes(...right))) this.onWrong(null, tile);
      }
    }
    return shown;
  }

  /** The root of the first `size` records, by these hashes; null where it cannot be. */
  async rootAt(size, shown) {
    const full = Math.floor(size / WIDTH);
    const rest = size % WIDTH;
    const hashes = rest ? await this.leafHashes(full, shown) : [];
    if (!hashes) return null;
    return rootOfParts({ roots: shown.roots.slice(0, full), edge: hashes.slice(0, rest) });
  }
}

/** Hash by hash, what most of these say: damage in several places is not alike. */
function agreed(candidates) {
  const most = (lists) =>
    lists[0].map((_, at) => {
      const hashes = lists.map((list) => list[at]).filter(Boolean);
      const times = (hash) => hashes.filter((one) => sameBytes(one, hash)).length;
      return hashes.reduce((best, one) => (times(one) > times(best) ? one : best));
    });
  return {
    roots: most(candidates.map((one) => one.roots)),
    edge: most(candidates.map((one) => one.edge)),
  };
}
