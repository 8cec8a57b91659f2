// Two signed histories in one text: of checkpoints, or of key statements.
//
//     tps-federation/fork@v1           tps-federation/key-fork@v1
//     <hashes>                         <empty line>
//     <empty line>                     <signed key statement>
//     <signed checkpoint>              <empty line>
//     <empty line>                     <another of the same version>
//     <signed checkpoint>

function parseEvidence(bytes) {
  const parts = splitAtEmptyLines(bytes);
  if (parts.length !== 5) refuse("format", "not two signed checkpoints");
  const lines = toText(parts[0]).split("\n");
  if (lines.shift() !== EVIDENCE_HEADER || lines.length > MAX_HASHES) {
    refuse("format", "not the beginning of evidence");
  }
  const hashes = lines.map(decodeBase64);
  if (hashes.some((hash) => hash.length !== 32)) refuse("format", "a hash has 32 bytes");
  const old = joinBytes(parts[1], EMPTY_LINE, parts[2], Uint8Array.of(LF));
  const next = joinBytes(parts[3], EMPTY_LINE, parts[4]);
  return { hashes, old, next, origin: readCheckpoint(old).origin };
}

/** Refuse evidence that proves nothing by these keys, each a function of a size. */
async function checkEvidence({ hashes, old, next, origin }, keys) {
  const [first, second] = [readCheckpoint(old), readCheckpoint(next)];
  // A log that changed its key signed the two with different ones.
  for (const [bytes, { size }] of [[old, first], [next, second]]) {
    try {
      await openByAny(keys, (keyAt) => within("damaged", openWith(bytes, keyAt, size)));
    } catch (error) {
      if (error.sort === "signature") error.origin = origin;
      throw error;
    }
  }
  const isProved = second.origin === origin && (await isFork(first, second, hashes));
  if (!isProved) refuse("proof", "evidence that proves nothing", "damaged");
}

async function openWith(bytes, keyAt, size) {
  return openCheckpoint(bytes, keyAt(size));
}

async function isFork(old, next, hashes) {
  if (old.size === next.size) return !hashes.length && !sameBytes(old.root, next.root);
  if (!(old.size > 0 && old.size < next.size)) return false;
  const [oldRoot, newRoot] = await within("damaged", foldPrefix(old.size, next.size, hashes));
  return sameBytes(newRoot, next.root) && !sameBytes(oldRoot, old.root);
}

function parseKeyEvidence(bytes) {
  const parts = splitAtEmptyLines(bytes).slice(1);
  if (parts.length !== 4) refuse("format", "not two signed key statements");
  const old = joinBytes(parts[0], EMPTY_LINE, parts[1], Uint8Array.of(LF));
  const next = joinBytes(parts[2], EMPTY_LINE, parts[3]);
  const statement = parseCanonical(parts[0]);
  checkSchema(statement, data.schemas.KeyStatement, "");
  return { old, next, origin: statement.origin, version: statement.version };
}

async function checkKeyEvidence({ old, next, version }, chain) {
  const before = chain.notes.slice(0, version - 1);
  for (const note of [old, next]) {
    const opened = await within("damaged", openChain([...before, note]));
    const isOurs = opened.identities.some((key) => key.text === chain.identities[0].text);
    if (opened.origin !== chain.origin || !isOurs) {
      refuse("signature", "of another identity", "damaged");
    }
  }
  if (sameBytes(parseNote(old).text, parseNote(next).text)) {
    refuse("proof", "twice the same statement", "damaged");
  }
}
