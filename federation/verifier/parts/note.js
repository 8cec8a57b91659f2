// Signed notes: a text, an empty line, signatures.
//
//     — <key name> <base64(key id[4] || signature)>
//
// Source: C2SP signed-note v1

const MAX_NOTE_BYTES = 1_000_000;
const MAX_SIGNATURES = 100;

/** The text and the signatures of a note, none of them verified. */
function parseNote(bytes, maxBytes = MAX_NOTE_BYTES) {
  if (bytes.length > maxBytes) refuse("format", "a note that is too large");
  if (bytes.some((byte) => byte < 0x20 && byte !== LF)) {
    refuse("format", "a control character in a note");
  }
  let gap = bytes.length - 2;
  while (gap >= 0 && !(bytes[gap] === LF && bytes[gap + 1] === LF)) gap -= 1;
  if (gap < 0 || bytes.length === gap + 2 || bytes[bytes.length - 1] !== LF) {
    refuse("format", "a note without text, empty line and signatures");
  }
  const text = bytes.slice(0, gap + 1);
  const lines = toText(bytes.subarray(gap + 2, -1)).split("\n");
  if (lines.length > MAX_SIGNATURES) refuse("format", "too many signatures");
  toText(text);
  return { text, signatures: lines.map(parseSignature) };
}

function parseSignature(line) {
  if (!line.startsWith("— ")) refuse("format", "a signature line without its dash");
  const space = line.indexOf(" ", 2);
  const name = line.slice(2, space < 0 ? undefined : space);
  checkKeyName(name);
  const material = decodeBase64(space < 0 ? "" : line.slice(space + 1));
  if (material.length < 5) refuse("format", "a signature line without signature");
  return { name, id: toHex(material.subarray(0, 4)), payload: material.slice(4) };
}

/** The note, signed by this key: a bad signature in its name refuses all of it. */
async function openNote(bytes, key) {
  const note = parseNote(bytes);
  const lines = note.signatures.filter(
    (line) => key.alg === ALG_ED25519 && line.name === key.name && line.id === key.id,
  );
  if (!lines.length) refuse("signature", `no signature by ${key.name}`);
  for (const line of lines) {
    if (!(await verify(key, note.text, line.payload))) {
      refuse("signature", `a bad signature by ${key.name}`);
    }
  }
  return note;
}

/** Notes one after the other, each behind its length as uint16, big-endian. */
function decodeNotes(bytes, most) {
  const notes = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 2 + ((bytes[at] << 8) | bytes[at + 1]);
    if (at + 2 > bytes.length || end > bytes.length) {
      refuse("format", "notes that are cut off", "cut-off");
    }
    notes.push(bytes.slice(at + 2, end));
    at = end;
    if (notes.length > most) refuse("format", "too many notes");
  }
  return notes;
}
