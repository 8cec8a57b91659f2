// Bytes, their texts and their hashes.
//
// Rule: one form or refused. `atob` and `TextDecoder` are lax by default, so whatever
// they read is written again and compared.

const data = JSON.parse(document.getElementById("data").textContent);
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * What is not as it must be. `sort`: format, signature, record, proof; foreign, revoked
 * and keys of a record that would be good elsewhere. `kind`: what it is called, where
 * that is known already.
 */
class Refusal extends Error {
  constructor(sort, message, kind = "") {
    super(message);
    this.sort = sort;
    this.kind = kind;
  }
}

/** A record by a key that its owner has revoked from there on: `reason` says why. */
class SetApart extends Refusal {
  constructor(reason) {
    super("revoked", `set apart by its owner: ${reason}`);
    this.reason = reason;
  }
}

/** A file that this device does not hand over: nothing is wrong with what is in it. */
class Unread extends Error {}

/** All bytes of a file, or of a part of it. */
async function readBlob(blob) {
  try {
    return await blob.arrayBuffer();
  } catch {
    throw new Unread("the file could not be read");
  }
}

function refuse(sort, message, kind) {
  throw new Refusal(sort, message, kind);
}

function toText(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    return refuse("format", "not UTF-8");
  }
}

function toBytes(text) {
  return encoder.encode(text);
}

function joinBytes(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function sameBytes(a, b) {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function encodeBase64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}

/** Source: RFC 4648 section 3.5 */
function decodeBase64(text) {
  let binary = "";
  try {
    binary = atob(text);
  } catch {
    refuse("format", "not base64");
  }
  // atob takes spaces, missing padding and stray bits below the last full byte.
  if (btoa(binary) !== text) refuse("format", "base64 that is not canonical");
  return Uint8Array.from(binary, (one) => one.charCodeAt(0));
}

/** A number from 0 to 2^53 - 1 in its one decimal form. */
function parseDecimal(text) {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text) || !Number.isSafeInteger(Number(text))) {
    refuse("format", "a number that is not canonical, or too large");
  }
  return Number(text);
}

/** Where `wanted` begins in `bytes`, from `start` on; -1 where it does not. */
function findBytes(bytes, wanted, start = 0) {
  for (let at = start; at + wanted.length <= bytes.length; at += 1) {
    if (wanted.every((byte, offset) => bytes[at + offset] === byte)) return at;
  }
  return -1;
}

const LF = 10;
const EMPTY_LINE = Uint8Array.of(LF, LF);

/** The parts between empty lines. */
function splitAtEmptyLines(bytes) {
  const parts = [];
  let start = 0;
  for (;;) {
    const end = findBytes(bytes, EMPTY_LINE, start);
    if (end < 0) return [...parts, bytes.subarray(start)];
    parts.push(bytes.subarray(start, end));
    start = end + 2;
  }
}

async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
