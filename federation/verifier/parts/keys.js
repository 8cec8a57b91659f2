// Keys as text, and the one way to verify with them.
//
//     example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
//     name            key id   base64(alg || public key)
//
// Source: C2SP signed-note v1

const ALG_ED25519 = 0x01;
const ALG_COSIGNATURE = 0x04;
const KEY_NAME =
  /^[^\x00-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]+$/u;
// Every point of small order, without its sign; two of them in a second form as well.
const WEAK_POINTS = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);
const ORGANISATION = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;
const known = new Map();

function checkKeyName(name) {
  if (!KEY_NAME.test(name)) refuse("format", "not the name of a key");
}

async function keyId(name, alg, publicKey) {
  const material = joinBytes(toBytes(`${name}\n`), Uint8Array.of(alg), publicKey);
  return toHex((await sha256(material)).subarray(0, 4));
}

/** The key that a vkey stands for; each is looked at once. */
async function parseVkey(text) {
  if (known.has(text)) return known.get(text);
  const first = text.indexOf("+");
  const second = text.indexOf("+", first + 1);
  if (first < 0 || second < 0) refuse("format", "a vkey is name+id+key");
  const name = text.slice(0, first);
  checkKeyName(name);
  const material = decodeBase64(text.slice(second + 1));
  const alg = material[0];
  if (alg !== ALG_ED25519 && alg !== ALG_COSIGNATURE) {
    refuse("format", "a key of another algorithm");
  }
  const publicKey = material.slice(1);
  if (!isGoodPoint(publicKey)) refuse("format", "a weak or non-canonical public key");
  const id = await keyId(name, alg, publicKey);
  if (text.slice(first + 1, second) !== id) {
    refuse("format", "the key id does not belong to the key");
  }
  const usable = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, [
    "verify",
  ]);
  const key = { text, name, alg, publicKey, id, usable };
  if (known.size > 10_000) known.clear();
  known.set(text, key);
  return key;
}

/** Whether 64 bytes are a good signature over the message. */
async function verify(key, message, signature) {
  if (signature.length !== 64) return false;
  // Under these halves libsodium refuses, and not every browser does.
  const half = signature.slice(0, 32);
  half[31] &= 0x7f;
  if (WEAK_POINTS.has(toHex(half))) return false;
  return crypto.subtle.verify("Ed25519", key.usable, signature, message);
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function checkDigit(number, group) {
  let value = number;
  for (const letter of group) {
    value = (value ^ BASE32.indexOf(letter)) << 1;
    if (value & 32) value ^= 0b100101;
  }
  return BASE32[value];
}

/** The fingerprint of an identity key: eight groups of five characters. */
async function fingerprint(key) {
  const digest = await sha256(joinBytes(Uint8Array.of(1), key.publicKey));
  let bits = 0n;
  for (const byte of digest.subarray(0, 20)) bits = (bits << 8n) | BigInt(byte);
  let letters = "";
  for (let at = 155n; at >= 0n; at -= 5n) letters += BASE32[Number((bits >> at) & 31n)];
  const groups = letters.match(/.{4}/g);
  return groups.map((group, number) => group + checkDigit(number, group)).join("-");
}

/** Several, with commas between them; null where one of them is none. */
function parseFingerprints(text) {
  const found = text.split(/[,;]/).filter((one) => one.trim()).map(parseOwned);
  return found.includes("") ? null : found;
}

/** ORGANISATION=FINGERPRINT, or the fingerprint alone; "" where it is neither. */
function parseOwned(text) {
  const end = text.lastIndexOf("=") + 1;
  const print = parseFingerprint(text.slice(end));
  if (!end || !print) return print;
  // A phone begins a word with a capital letter.
  const org = text.slice(0, end - 1).trim().toLowerCase();
  return ORGANISATION.test(org) ? `${org}=${print}` : "";
}

/** The fingerprint in its one form, from what a person typed; "" where it is none. */
function parseFingerprint(text) {
  const letters = text
    .trim()
    .replace(/[ \t\n-]+/g, "")
    .replace(/[018]/g, (one) => ({ 0: "O", 1: "I", 8: "B" })[one]);
  if (!/^[A-Za-z2-7]{40}$/.test(letters)) return "";
  const groups = letters.toUpperCase().match(/.{5}/g);
  const holds = (group, number) => checkDigit(number, group.slice(0, 4)) === group[4];
  return groups.every(holds) ? groups.join("-") : "";
}
