// A receipt: one record, its keys, and the path to a signed checkpoint, in one text.
//
//     c2sp.org/tlog-proof@v1
//     extra <base64: the record, then the key statements of its log>
//     index 73894
//     <base64 hash>                           (lowest first)
//     <empty line>
//     <signed checkpoint, with cosignatures>
//
// Source: C2SP tlog-proof (draft)

const RECEIPT_HEADER = "c2sp.org/tlog-proof@v1";
const MAX_RECEIPT_BYTES = 1_200_000;

/** What a receipt holds; nothing of it is verified. */
function parseReceipt(bytes) {
  if (bytes.length > MAX_RECEIPT_BYTES) refuse("format", "a receipt that is too large");
  const gap = findBytes(bytes, EMPTY_LINE);
  if (gap < 0) refuse("format", "a receipt without checkpoint");
  const lines = toText(bytes.subarray(0, gap)).split("\n");
  if (lines.shift() !== RECEIPT_HEADER) refuse("format", "not the beginning of a receipt");
  if (!lines[0]?.startsWith("extra ")) refuse("format", "a receipt without its record");
  const notes = decodeNotes(decodeBase64(lines.shift().slice(6)), 1 + MAX_STATEMENTS);
  if (notes.length < 2) refuse("format", "a receipt without record or keys");
  if (!lines[0]?.startsWith("index ")) refuse("format", "a receipt without position");
  const index = parseDecimal(lines.shift().slice(6));
  const path = lines.map(decodeBase64);
  if (path.length > MAX_HASHES || path.some((hash) => hash.length !== 32)) {
    refuse("format", "not the hashes of a path");
  }
  const checkpoint = bytes.slice(gap + 2);
  const { origin, size } = readCheckpoint(checkpoint);
  if (index >= size || notes[0].length > MAX_LEAF_BYTES) {
    refuse("format", "a position or a record beyond its bounds");
  }
  return { origin, size, index, path, leaf: notes[0], keys: notes.slice(1), checkpoint };
}

/** The verified record of a receipt, under the root of its verified checkpoint. */
async function openReceipt(receipt, chain, { root }) {
  const { index, size, leaf, path } = receipt;
  const found = await foldPath(index, size, await hashLeaf(leaf), path);
  if (!sameBytes(found, root)) {
    refuse("proof", "the path does not lead to the signed root");
  }
  return openLeaf(leaf, chain, index);
}
