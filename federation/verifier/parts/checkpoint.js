// Checkpoints and who else held them.
//
//     <origin> LF <size> LF base64(<root>) LF
//
// A cosignature says "I hold, and have verified, every record below this size" and is
// the only thing that carries a time:
//
//     cosignature/v1\n time <unix>\n <text of the checkpoint>
//     payload: uint64 time || signature[64]
//
// Source: C2SP tlog-checkpoint v1, tlog-cosignature v1

const EMPTY_ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

function parseCheckpoint(text) {
  const lines = toText(text).split("\n");
  if (lines.length !== 4 || lines[3]) refuse("format", "a checkpoint is three lines");
  const [origin, size, root] = [lines[0], parseDecimal(lines[1]), decodeBase64(lines[2])];
  checkKeyName(origin);
  if (root.length !== 32) refuse("format", "a root has 32 bytes");
  if (size === 0 && lines[2] !== EMPTY_ROOT) {
    refuse("format", "an empty history with the root of something");
  }
  return { origin, size, root };
}

/** What a note says of a history; not verified. */
function readCheckpoint(bytes) {
  return parseCheckpoint(parseNote(bytes).text);
}

/** The checkpoint that the log signed; other signatures are left alone. */
async function openCheckpoint(bytes, logKey) {
  const note = await openNote(bytes, logKey);
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin !== logKey.name) {
    refuse("signature", "a checkpoint signed by another history's key");
  }
  return { ...checkpoint, note, bytes };
}

// A time, and a signature of ML-DSA-44.
const COMPANION_BYTES = 8 + 2_420;

/** Whether a companion key signed it, it says: browsers cannot check that kind. */
function hasCompanion({ origin, note }) {
  return note.signatures.some(
    ({ name, payload }) => name === origin && payload.length === COMPANION_BYTES,
  );
}

/** For each known key its newest good cosignature, and the keys with a bad line. */
async function openCosignatures(note, keys) {
  const held = [];
  const bad = [];
  for (const key of keys) {
    const lines = note.signatures.filter((line) => line.name === key.name && line.id === key.id);
    const times = [];
    for (const line of lines) times.push(await readCosignature(note.text, line, key));
    const good = times.filter((time) => time !== null);
    if (good.length < times.length) bad.push(key);
    if (good.length) held.push({ key, time: Math.max(...good) });
  }
  return { held, bad };
}

/** The time, or null where the line is not a good cosignature. */
async function readCosignature(text, line, key) {
  if (line.payload.length !== 72) return null;
  const view = new DataView(line.payload.buffer, line.payload.byteOffset);
  const time = view.getBigUint64(0);
  if (time > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  const message = joinBytes(toBytes(`cosignature/v1\ntime ${time}\n`), text);
  return (await verify(key, message, line.payload.slice(8))) ? Number(time) : null;
}
