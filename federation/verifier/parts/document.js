// What a loose file proves: a receipt, a record, a checkpoint, keys, evidence.

const EVIDENCE_HEADER = "tps-federation/fork@v1";
const KEY_EVIDENCE_HEADER = "tps-federation/key-fork@v1";

/** What a file is, by its first bytes: only how to read it is decided by this. */
function recognise(bytes) {
  const starts = (text) => sameBytes(bytes.subarray(0, text.length), toBytes(text));
  if (starts("PK\x03\x04") || starts("PK\x05\x06")) return "bundle";
  if (starts(`${RECEIPT_HEADER}\n`)) return "receipt";
  if (starts(`${EVIDENCE_HEADER}\n`) || starts(`${KEY_EVIDENCE_HEADER}\n`)) return "evidence";
  if (starts("{")) return "record";
  if (bytes.length > 2 && bytes[2] === 0x7b) return "keys";
  const head = String.fromCharCode(...bytes.subarray(0, 4096));
  if (/^[ \t]*(?:#|log[ \t]|witness[ \t]|quorum[ \t])/m.test(head)) return "trust-file";
  if (/^[^\n]+\n[0-9]+\n[A-Za-z0-9+/=]+\n\n/.test(head)) return "checkpoint";
  return "unknown";
}

/** A loose file as the report lists it: what it is, and what it says if it holds. */
function documentOf(source, kind, facts) {
  return {
    source, kind, origin: "", org: "", holds: false, index: null, record: "", statement: "",
    size: null, pinned: "no", fingerprint: "", quorum: "none", held: [], ...facts,
  };
}

async function readReceipt(bytes, source, pool) {
  const receipt = parseReceipt(bytes);
  const chain = await pool.add(receipt.keys, source);
  if (chain.origin !== receipt.origin) {
    refuse("signature", "the keys of another history", "wrong-key");
  }
  return { receipt, chain };
}

async function judgeReceipt({ receipt, chain: own }, source, report, pool) {
  const chain = pool.newest(own);
  const { index, leaf } = receipt;
  const document = documentOf(source, "receipt", {
    origin: chain.origin,
    org: chain.org,
    index,
    fingerprint: await fingerprint(chain.identity),
  });
  report.documents.push(document);
  const opened = await openReceipt(receipt, chain);
  const { checkpoint, statement } = opened;
  const firstLeaf = index === 0 ? leaf : null;
  const pinned = await findPin(chain, report.trust, checkpoint.size, firstLeaf);
  judgePin(report, pinned, source, chain.origin);
  if (statement.isUnknown) {
    report.note("unknown-type", source, { origin: chain.origin, index });
  }
  const { held, quorum } = await judgeHeld(checkpoint, report, pool, source);
  Object.assign(document, {
    holds: true, size: checkpoint.size, record: opened.record, statement: textOf(leaf), pinned,
    quorum, held,
  });
  return checkpoint;
}

/** The line of a verified record. */
function textOf(leaf) {
  return toText(parseNote(leaf, MAX_LEAF_BYTES).text.subarray(0, -1));
}

async function judgeRecord(bytes, source, report, pool) {
  const note = parseNote(bytes, MAX_LEAF_BYTES);
  const statement = await parseStatement(note.text.subarray(0, -1));
  const { org, election } = statement;
  const document = documentOf(source, "record", {
    org,
    record: toHex(await sha256(note.text)),
    statement: textOf(bytes),
  });
  report.documents.push(document);
  const chains = pool.all().filter((one) => one.org === org && one.election === election);
  if (!chains.length) {
    report.add("unpinned", source, { detail: "no-keys" });
    return;
  }
  const { by: chain } = await openByAny(chains, (one) => openLeaf(bytes, one, null));
  const pinned = await findPin(chain, report.trust);
  judgePin(report, pinned, source, chain.origin);
  Object.assign(document, {
    holds: true, origin: chain.origin, pinned, fingerprint: await fingerprint(chain.identity),
  });
}

/** The first of these by which it opens; the refusal of the last where none does. */
async function openByAny(all, open) {
  let refusal = null;
  for (const by of all) {
    try {
      return { by, opened: await open(by) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

/** Every key, of the trust file or of a chain, that may have signed for a log. */
function signersOf(origin, report, pool) {
  const listed = (report.trust.policy?.logs ?? []).filter((log) => log.key.name === origin);
  return [
    ...listed.map(({ key }) => ({ chain: null, keyAt: () => key })),
    ...pool.of(origin).map((chain) => ({ chain, keyAt: (size) => logKey(chain, size) })),
  ];
}

async function openBy({ keyAt }, bytes, size) {
  const key = keyAt(size);
  return within("checkpoint", openCheckpoint(bytes, key));
}

/** How the signer that was found is vouched for. */
async function pinOf({ chain }, report, size) {
  return chain ? findPin(chain, report.trust, size) : "trust-file";
}

async function judgeCheckpoint(bytes, source, report, pool) {
  const { origin, size } = readCheckpoint(bytes);
  const document = documentOf(source, "checkpoint", { origin, org: parseOrigin(origin).org, size });
  report.documents.push(document);
  const signers = signersOf(origin, report, pool);
  if (!signers.length) {
    report.add("unpinned", source, { origin, detail: "no-keys" });
    return null;
  }
  const { by, opened: checkpoint } = await openByAny(signers, (one) => openBy(one, bytes, size));
  const pinned = await pinOf(by, report, size);
  judgePin(report, pinned, source, origin);
  const { held, quorum } = await judgeHeld(checkpoint, report, pool, source);
  const known = by.chain ? await fingerprint(by.chain.identity) : "";
  Object.assign(document, { holds: true, pinned, fingerprint: known, quorum, held });
  return checkpoint;
}

async function judgeKeys(chain, source, report, pool) {
  const newest = pool.newest(chain);
  const pinned = await findPin(newest, report.trust);
  judgePin(report, pinned, source, chain.origin);
  report.documents.push(
    documentOf(source, "keys", {
      holds: true, origin: chain.origin, org: chain.org, pinned, versions: chain.versions,
      fingerprint: await fingerprint(newest.identity),
    }),
  );
}

/** Two signed checkpoints and the hashes between them. */
function parseEvidence(bytes) {
  const parts = splitAtEmptyLines(bytes);
  if (parts.length !== 5) refuse("format", "not two signed checkpoints", "cut-off");
  const lines = toText(parts[0]).split("\n");
  if (lines.shift() !== EVIDENCE_HEADER || lines.length > MAX_HASHES) {
    refuse("format", "not the beginning of evidence");
  }
  const hashes = lines.map(decodeBase64);
  if (hashes.some((hash) => hash.length !== 32)) refuse("format", "a hash has 32 bytes");
  const old = joinBytes(parts[1], EMPTY_LINE, parts[2], Uint8Array.of(LF));
  return { hashes, old, next: joinBytes(parts[3], EMPTY_LINE, parts[4]) };
}

async function judgeEvidence(bytes, source, report, pool) {
  const head = toBytes(KEY_EVIDENCE_HEADER);
  const isKeys = sameBytes(bytes.subarray(0, head.length), head);
  const found = isKeys ? await readKeyEvidence(bytes, pool) : await readEvidence(bytes, report, pool);
  if (!found) {
    report.add("unpinned", source, { detail: "no-keys" });
    return;
  }
  const { origin, by } = found;
  const pinned = await pinOf(by, report, null);
  judgePin(report, pinned, source, origin);
  report.add("forked", source, { origin, detail: isKeys ? "keys" : "checkpoints" });
  report.documents.push(
    documentOf(source, "evidence", {
      holds: true, origin, org: parseOrigin(origin).org, pinned,
      fingerprint: by.chain ? await fingerprint(by.chain.identity) : "",
    }),
  );
}

async function readEvidence(bytes, report, pool) {
  const { hashes, old, next } = parseEvidence(bytes);
  const [first, second] = [readCheckpoint(old), readCheckpoint(next)];
  const { origin } = first;
  const signers = signersOf(origin, report, pool);
  if (!signers.length) return null;
  // A log that changed its key signed the two with different ones.
  const { by } = await openByAny(signers, (one) => openBy(one, old, first.size));
  await openByAny(signers, (one) => openBy(one, next, second.size));
  if (second.origin !== origin || !(await isFork(first, second, hashes))) {
    refuse("proof", "evidence that proves nothing", "damaged");
  }
  return { origin, by };
}

async function isFork(old, next, hashes) {
  if (old.size === next.size) return !hashes.length && !sameBytes(old.root, next.root);
  if (!(old.size > 0 && old.size < next.size)) return false;
  const [oldRoot, newRoot] = await within("damaged", foldPrefix(old.size, next.size, hashes));
  return sameBytes(newRoot, next.root) && !sameBytes(oldRoot, old.root);
}

async function readKeyEvidence(bytes, pool) {
  const parts = splitAtEmptyLines(bytes).slice(1);
  if (parts.length !== 4) refuse("format", "not two signed key statements", "cut-off");
  const old = joinBytes(parts[0], EMPTY_LINE, parts[1], Uint8Array.of(LF));
  const next = joinBytes(parts[2], EMPTY_LINE, parts[3]);
  const statement = parseCanonical(parts[0]);
  const chains = pool.of(statement.origin);
  if (!chains.length) return null;
  const { by: chain } = await openByAny(chains, async (one) => {
    const before = one.notes.slice(0, statement.version - 1);
    for (const note of [old, next]) {
      const opened = await within("keys", openChain([...before, note]));
      const isOurs = opened.identities.some((key) => key.text === one.identities[0].text);
      if (opened.origin !== one.origin || !isOurs) refuse("signature", "of another identity", "keys");
    }
  });
  if (sameBytes(parseNote(old).text, parseNote(next).text)) {
    refuse("proof", "twice the same statement", "damaged");
  }
  return { origin: chain.origin, by: { chain } };
}
