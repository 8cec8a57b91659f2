// One history of a data file: every record led back to the signed root.
//
// Rule: no record is believed that a node would not believe; every further tile is
// compared, and what does not fit is named. A bad bundle does not end it. Memory: 32
// bytes for every 256 records, and the bundle at hand.

class LogAudit {
  constructor({ source, archive, hex, chain, checkpoints, report }) {
    Object.assign(this, { source, archive, hex, chain, checkpoints });
    [this.checkpoint] = checkpoints;
    this.findings = report;
    this.counts = { records: 0, refused: 0, unknown: 0, set_apart: 0 };
    this.setApart = new Map();
    this.closedAt = Infinity;
    this.firstLeaf = null;
    this.hasMoved = false;
    this.hasGaps = false;
    this.shown = null;
    const { size, root } = this.checkpoint;
    this.tiles = new Tiles({
      archive, hex, size, root,
      onWrong: (error, tile) => this.onWrongTile(error, tile),
    });
  }

  add(kind, index = null, detail = "") {
    this.findings.add(kind, this.source, { origin: this.chain.origin, index, detail });
  }

  onWrongTile(error, tile) {
    if (error) this.findings.refuse(error, this.source, { origin: this.chain.origin });
    else this.add("tile", null, tile ? formatTilePath(tile) : "do not lead to the signed root");
  }

  /** Where the records begin: above 0 in a file that holds only the newer ones. */
  findStart() {
    const bundles = [];
    const tiles = [];
    for (const name of this.archive.names()) {
      if (!name.startsWith(`${this.hex}/tile/`)) continue;
      const tile = parseTilePath(name.slice(65));
      if (tile?.level === ENTRIES) bundles.push(tile.index);
      if (tile?.level === 0) tiles.push(tile.index);
    }
    const { size } = this.checkpoint;
    const nothing = tiles.length || size % WIDTH ? 0 : size / WIDTH;
    const first = bundles.reduce((least, one) => Math.min(least, one), bundles.length ? Infinity : nothing);
    return tiles.some((index) => index < first) ? 0 : first * WIDTH;
  }

  /** Judge every record that is here. */
  async judge(pool, progress) {
    const { size } = this.checkpoint;
    this.chain = pool.newest(this.chain);
    this.start = this.findStart();
    this.missing = new Map();
    for (const [at, note] of this.chain.notes.entries()) {
      this.missing.set(toHex(await hashLeaf(note)), at + 1);
    }
    if (size) {
      this.shown = await this.tiles.prove();
      if (!this.shown) this.hasGaps = true;
      for (let index = this.start / WIDTH; index * WIDTH < size; index += 1) {
        await this.judgeBundle(index);
        progress(Math.min(size, (index + 1) * WIDTH), size);
      }
    }
    this.checkStatements();
    // Of a history of which no record is here, nothing was looked at.
    const isPartial = this.start < size;
    if (this.start) this.add(isPartial ? "partial" : "missing", null, `records from ${this.start} on`);
    this.pinned = pool.pin(this.chain, logKey(this.chain, size), this.firstLeaf);
  }

  async judgeBundle(index) {
    const width = this.tiles.widthOf(index);
    let bytes = null;
    try {
      bytes = await this.tiles.read({ level: ENTRIES, index, width });
    } catch (error) {
      this.hasGaps = true;
      this.findings.refuse(error, this.source, { origin: this.chain.origin });
      return;
    }
    const hashes = await this.checkBundle(index, bytes, width);
    if (!hashes) return;
    await this.take(index * WIDTH, decodeBundle(bytes, width), hashes);
    if (!this.shown) return;
    const tile = { level: 0, index, width };
    const kept = await this.tiles.need(tile);
    if (kept && !sameBytes(kept, joinBytes(...hashes))) this.onWrongTile(null, tile);
  }

  /** The hashes of a bundle's records; null, and findings, where they are not right. */
  async checkBundle(index, bytes, width) {
    try {
      const hashes = await Promise.all(decodeBundle(bytes, width).map(hashLeaf));
      if (!this.shown) return hashes;
      const isFull = width === WIDTH;
      const isRight = isFull
        ? sameBytes(await rootOf(hashes), this.shown.roots[index])
        : hashes.every((hash, at) => sameBytes(hash, this.shown.edge[at]));
      if (isRight) return hashes;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    this.hasGaps = true;
    if (this.shown) await this.nameBundle(index, bytes);
    return null;
  }

  async nameBundle(index, bytes) {
    const [signed, here] = [new Map(), new Map()];
    const place = (into, start, hashes) => hashes.forEach((hash, at) => into.set(start + at, hash));
    const mine = await readLoosely(bytes);
    const start = index * WIDTH;
    // Too many records in one bundle must not stand in the places of the next.
    const positionOf = (near, count) => {
      if (near < index) return start - Math.max(WIDTH, count);
      return start + (near - index) * Math.max(WIDTH, mine.hashes.length);
    };
    for (const near of [index - 1, index, index + 1]) {
      const hashes = await this.tiles.leafHashes(near, this.shown);
      place(signed, near * WIDTH, (hashes ?? []).map(toHex));
      const read = near === index ? mine : await this.readNear(near);
      place(here, positionOf(near, read.hashes.length), read.hashes);
    }
    const width = this.tiles.widthOf(index);
    if (!signed.has(start)) {
      this.onWrongTile(null, { level: 0, index, width });
      this.add("altered", null, `one of ${start} to ${start + width - 1}`);
      return;
    }
    const culprits = nameCulprits({
      signed, here, start,
      signedEnd: start + width,
      hereEnd: start + mine.hashes.length,
      isCut: mine.isCut,
    });
    for (const { kind, index: at, detail } of culprits) {
      this.hasMoved ||= kind === "dropped" || kind === "duplicated";
      this.add(kind, at, detail);
    }
    if (!culprits.length && !this.hasMoved) this.add("swapped", start, "in another order");
  }

  async readNear(index) {
    if (index < 0 || index >= this.tiles.count) return { hashes: [] };
    try {
      const width = this.tiles.widthOf(index);
      return await readLoosely(await this.tiles.read({ level: ENTRIES, index, width }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { hashes: [] };
    }
  }

  /** Judge the records of a bundle, all at once; then in their order. */
  async take(start, leaves, hashes) {
    if (start === 0) [this.firstLeaf] = leaves;
    for (const hash of hashes) if (this.missing.size) this.missing.delete(toHex(hash));
    const judged = await Promise.all(
      leaves.map(async (leaf, at) => {
        try {
          return (await openLeaf(leaf, this.chain, start + at)).statement;
        } catch (error) {
          return { refusal: error, kind: kindOfLeaf(error) };
        }
      }),
    );
    for (const [at, one] of judged.entries()) await this.count(one, start + at, leaves[at]);
  }

  async count(one, index, leaf) {
    // After the end of a history nothing is set apart any more: there it is a fault.
    if (one.refusal instanceof SetApart && index <= this.closedAt) {
      const { reason } = one.refusal;
      const { first, count } = this.setApart.get(reason) ?? { first: index, count: 0 };
      this.setApart.set(reason, { first, count: count + 1 });
      this.counts.set_apart += 1;
      return;
    }
    if (one.refusal || index > this.closedAt) {
      this.counts.refused += 1;
      await this.refuse(one, index, leaf);
      return;
    }
    if (RECORDS.get(one.type)?.endsLog) this.closedAt = index;
    if (!this.shown) return;
    if (one.isUnknown) this.counts.unknown += 1;
    else this.counts.records += 1;
    if (!this.findings.photos || !one.evidence) return;
    const { text } = parseNote(leaf, MAX_LEAF_BYTES);
    await this.findings.photos.take(this.source, this.chain.origin, index, one, text);
  }

  async refuse(one, index, leaf) {
    const kind = one.kind ?? "bad-record";
    if (kind === "keys" && (await this.isStatementFork(leaf))) {
      this.add("forked", index, "keys");
      return;
    }
    // Where nothing vouches for what stands here, it is not what was signed for.
    const isAltered = !this.shown && kind === "bad-record";
    this.add(isAltered ? "altered" : kind, index, one.refusal?.message ?? "after the end");
  }

  async isStatementFork(leaf) {
    const { version } = parseCanonical(parseNote(leaf, MAX_LEAF_BYTES).text.subarray(0, -1));
    return version <= this.chain.versions && provesKeyFork(this.chain, version - 1, leaf);
  }

  /** Version 1 of the keys is the first record, and every later one is there as well. */
  checkStatements() {
    if (this.start || this.hasGaps) return;
    if (!this.firstLeaf || !sameBytes(this.firstLeaf, this.chain.notes[0])) {
      this.add("keys", 0, "the first record is not the first key statement");
    }
    for (const version of this.missing.values()) {
      if (version > 1) this.add("keys", null, `key statement ${version} is not there`);
    }
  }

  /** Say who vouches for it and who else holds it. */
  async report(report, pool) {
    const { source, chain } = this;
    const { size, root } = this.checkpoint;
    if (this.counts.unknown) this.add("unknown-type", null, String(this.counts.unknown));
    for (const [reason, { first, count }] of this.setApart) {
      const { origin } = this.chain;
      const detail = `${count} records, reason: ${reason}`;
      report.add("set-apart", source, { origin, index: first, detail, apart: { count, reason } });
    }
    pool.judgePin(this.pinned, logKey(chain, size), source, chain);
    report.logs.push({
      source, origin: chain.origin, org: chain.org, from: this.start, size, root: toHex(root),
      ...this.counts, pinned: this.pinned, fingerprint: await fingerprint(chain.identity),
      ...(await judgeHeld(this.checkpoints, report, pool, source)),
    });
  }
}
