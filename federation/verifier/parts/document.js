// What a loose file proves: a receipt, a record, a checkpoint, keys, evidence.
//
// Rule: a receipt brings its own record and keys, all others are judged by the keys
// that another file brought. What does not hold accuses nobody; evidence that holds
// accuses whoever signed twice.

const EVIDENCE_HEADER = "tps-federation/fork@v1";
const KEY_EVIDENCE_HEADER = "tps-federation/key-fork@v1";
const JUDGES = {
  receipt: judgeReceipt,
  keys: judgeKeys,
  record: judgeRecord,
  checkpoint: judgeCheckpoint,
  evidence: judgeEvidence,
};

function startsWith(bytes, text) {
  const wanted = toBytes(text);
  return sameBytes(bytes.subarray(0, wanted.length), wanted);
}

/** What a file is, by its first bytes: only how to read it is decided by this. */
function recognise(head) {
  if (startsWith(head, "PK\x03\x04") || startsWith(head, "PK\x05\x06")) return "bundle";
  if (startsWith(head, "c2sp.org/tlog-proof@")) return "receipt";
  if (startsWith(head, "tps-federation/")) return "evidence";
  if (startsWith(head, "{")) return "record";
  if (head.length > 2 && startsWith(head.subarray(2), '{"')) return "keys";
  if (isPhoto(head)) return "photo";
  const text = String.fromCharCode(...head);
  if (/^[ \t]*(?:log|witness|quorum|group)[ \t]/m.test(text)) return "trust-file";
  return /^[^\n]+\n[0-9]+\n[A-Za-z0-9+/=]+\n\n/.test(text) ? "checkpoint" : "unknown";
}

/** A loose file as the report lists it: what it is, and what it says if it holds. */
function documentOf({ name, kind }, report, facts = {}) {
  const made = {
    source: name, kind, origin: "", org: "", holds: false, index: null, record: "",
    statement: "", size: null, pinned: "no", fingerprint: "", quorum: "none", held: [], ...facts,
  };
  report.documents.push(made);
  return made;
}

/** Put the keys that a file brings into the pool, before anything is judged. */
async function learnKeys(input, pool) {
  if (input.kind === "receipt") {
    input.receipt = parseReceipt(input.bytes);
    input.origin = input.receipt.origin;
    input.chain = await pool.add(input.receipt.keys, input.name);
    if (input.chain.origin !== input.receipt.origin) {
      refuse("signature", "the keys of another history", "keys");
    }
  }
  if (input.kind === "keys") {
    input.chain = await pool.add(decodeNotes(input.bytes, MAX_STATEMENTS), input.name);
  }
}

/** Judge one file; the checkpoint that it proved, or null. */
async function judgeDocument(input, report, pool) {
  return (await JUDGES[input.kind](input, report, pool)) ?? null;
}

/** How the keys of a document are vouched for; `firstLeaf` where it proves that. */
async function pinDocument(made, chain, signer, report, pool, firstLeaf = null) {
  made.pinned = pool.pin(chain, signer, firstLeaf);
  // Anybody can write key statements that name a log: only proved ones are shown.
  const isProved = made.pinned !== "trust-file" || pool.pinnedOf(chain.origin);
  made.fingerprint = isProved ? await fingerprint(chain.identity) : "";
  pool.judgePin(made.pinned, signer, made.source, chain);
}

async function judgeReceipt(input, report, pool) {
  const { receipt, name } = input;
  const chain = pool.newest(input.chain);
  const { origin, org } = chain;
  const { index, size, leaf } = receipt;
  const made = documentOf(input, report, { origin, org, index, size });
  const checkpoint = await openSigned(receipt.checkpoint, chain, size);
  try {
    const opened = await openReceipt(receipt, chain, checkpoint);
    Object.assign(made, { holds: true, record: opened.record, statement: textOf(leaf) });
    if (opened.statement.isUnknown) report.add("unknown-type", name, { origin, index });
  } catch (error) {
    const kind = error.sort === "proof" ? "receipt" : kindOfLeaf(error);
    report.refuse(error, name, { origin, index }, kind);
  }
  const first = made.holds && index === 0 ? leaf : null;
  await pinDocument(made, chain, logKey(chain, size), report, pool, first);
  Object.assign(made, await judgeHeld([checkpoint], report, pool, name));
  return checkpoint;
}

/** The checkpoint that the chain's log signed for this size. */
async function openSigned(bytes, chain, size) {
  const key = await within("checkpoint", (async () => logKey(chain, size))());
  try {
    return await openCheckpoint(bytes, key);
  } catch (error) {
    if (error instanceof Refusal && error.sort === "signature") error.kind = "checkpoint";
    throw error;
  }
}

/** The line of a verified record. */
function textOf(leaf) {
  return toText(parseNote(leaf, MAX_LEAF_BYTES).text.subarray(0, -1));
}

async function judgeRecord(input, report, pool) {
  const { name, bytes } = input;
  const note = parseNote(bytes, MAX_LEAF_BYTES);
  const statement = await within("damaged", parseStatement(note.text.subarray(0, -1)));
  const { org, election } = statement;
  const chains = pool
    .origins()
    .map((origin) => pool.longest(origin))
    .filter((one) => one.org === org && one.election === election);
  const made = documentOf(input, report, { org, statement: textOf(bytes) });
  if (!chains.length) refuse("signature", `the keys of ${org} are not here`, "missing");
  const { by: chain, opened } = await openByAny(chains, (one) => openLeaf(bytes, one, null));
  Object.assign(made, { holds: true, origin: chain.origin, record: opened.record });
  await pinDocument(made, chain, null, report, pool);
}

/** The first of these by which it opens; the refusal of the last where none does. */
async function openByAny(all, open) {
  let refusal = null;
  for (const by of all) {
    try {
      return { by, opened: await open(by) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      error.kind ||= error.sort === "revoked" ? "revoked" : "bad-record";
      error.origin ??= by.origin;
      refusal = error;
    }
  }
  throw refusal;
}

async function judgeCheckpoint(input, report, pool) {
  const { origin, size } = readCheckpoint(input.bytes);
  input.origin = origin;
  const chain = pool.longest(origin);
  if (!chain) {
    await judgeByTrustFile(input, report, pool);
    return null;
  }
  const checkpoint = await openSigned(input.bytes, chain, size);
  const made = documentOf(input, report, { holds: true, origin, org: chain.org, size });
  await pinDocument(made, chain, logKey(chain, size), report, pool);
  Object.assign(made, await judgeHeld([checkpoint], report, pool, input.name));
  return checkpoint;
}

/** A checkpoint of whose log nothing else is here: by what the trust file says of it. */
async function judgeByTrustFile(input, report, pool) {
  const { origin, bytes, name } = input;
  const listed = listedKeys(report, origin);
  if (!listed.length) refuse("signature", `the keys of ${origin} are not here`, "missing");
  const { opened } = await openByAny(listed, (key) => within("checkpoint", openCheckpoint(bytes, key)));
  const { org } = parseOrigin(origin);
  const facts = { holds: true, origin, org, size: opened.size, pinned: "trust-file" };
  const made = documentOf(input, report, facts);
  Object.assign(made, await judgeHeld([opened], report, pool, name));
}

/** The keys by which the trust file names a log. */
function listedKeys(report, origin) {
  const logs = report.trust.policy?.logs ?? [];
  return logs.filter((log) => log.key.name === origin).map((log) => log.key);
}

async function judgeKeys(input, report, pool) {
  const { origin, org, versions } = input.chain;
  const made = documentOf(input, report, { holds: true, origin, org, versions });
  await pinDocument(made, pool.newest(input.chain), null, report, pool);
}

async function judgeEvidence(input, report, pool) {
  const found = await openEvidence(input, report, pool);
  const { origin, chain } = found;
  report.add("forked", input.name, { origin });
  const { org } = parseOrigin(origin);
  const made = documentOf(input, report, { holds: true, origin, org });
  if (chain) await pinDocument(made, chain, null, report, pool);
}

/** Whose two histories it proves, by any key that is known. */
async function openEvidence(input, report, pool) {
  const { bytes } = input;
  if (startsWith(bytes, `${KEY_EVIDENCE_HEADER}\n`)) {
    const evidence = parseKeyEvidence(bytes);
    const chain = pool.longest(evidence.origin);
    if (!chain) refuse("signature", `the keys of ${evidence.origin} are not here`, "missing");
    await checkKeyEvidence(evidence, chain);
    return { origin: chain.origin, chain };
  }
  const evidence = parseEvidence(bytes);
  const { origin } = evidence;
  const chain = pool.longest(origin);
  const keys = listedKeys(report, origin).map((key) => () => key);
  if (chain) keys.push((size) => logKey(chain, size));
  if (!keys.length) {
    input.origin = origin;
    refuse("signature", `the keys of ${origin} are not here`, "missing");
  }
  try {
    await checkEvidence(evidence, keys);
  } catch (error) {
    // Listed in the trust file, but this may be an older key of the same log.
    if (error.sort === "signature" && !chain) error.kind = "missing";
    throw error;
  }
  return { origin, chain };
}
