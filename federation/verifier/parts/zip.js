// A data file: a folder of plain files in one, as ZIP.
//
// Rule: nothing in it is trusted. Whatever two readers could take for two different
// folders is refused as a whole, every file is bounded by what its kind may have, and
// only what is asked for is read: a country's file is larger than a phone's memory.
//
// Source: APPNOTE.TXT sections 4.3, 4.4

const END_BYTES = 22;
const MAX_TAIL_BYTES = END_BYTES + 0xffff;
const MAX_DIRECTORY_BYTES = 1 << 26;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 0x1 | 0x40 | 0x2000;
const UNSAFE_NAME = /[\x00-\x1f\x7f\\:*?"<>|]|^\/|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  return value;
});

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ CRC_TABLE[(value ^ byte) & 0xff];
  return (value ^ 0xffffffff) >>> 0;
}

async function slice(blob, start, end) {
  return new DataView(await readBlob(blob.slice(start, end)));
}

function uint64(view, at) {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) refuse("format", "not a ZIP", "damaged");
  return Number(value);
}

class Archive {
  /** Read the directory of a file. */
  static async open(blob) {
    const archive = new Archive();
    archive.blob = blob;
    archive.entries = new Map();
    const { start, length } = await findDirectory(blob);
    const view = await slice(blob, start, start + length);
    for (let at = 0; at < length; ) at = archive.readEntry(view, at);
    return archive;
  }

  readEntry(view, at) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== 0x02014b50) {
      refuse("format", "a ZIP whose directory is damaged", "damaged");
    }
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((one) =>
      view.getUint16(at + one, true),
    );
    const end = at + 46 + nameLength + extraLength + commentLength;
    if (end > view.byteLength) refuse("format", "a ZIP whose directory is damaged", "damaged");
    const rawName = new Uint8Array(view.buffer, at + 46, nameLength).slice();
    const name = new TextDecoder().decode(rawName);
    const entry = {
      name,
      rawName,
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    };
    readZip64(entry, view, at + 46 + nameLength, extraLength);
    this.take(entry);
    return end;
  }

  take(entry) {
    const { name } = entry;
    const path = name.endsWith("/") ? name.slice(0, -1) : name;
    if (!path || path.length > 400 || UNSAFE_NAME.test(path) || this.entries.has(name)) {
      refuse("format", "a ZIP with a name that must not be, or twice the same", "damaged");
    }
    if (entry.flags & ENCRYPTED) refuse("format", "an encrypted ZIP", "damaged");
    if (entry.method !== STORED && entry.method !== DEFLATED) {
      refuse("format", "a ZIP packed in another way", "damaged");
    }
    this.entries.set(name, entry);
  }

  names() {
    return [...this.entries.keys()].filter((name) => !name.endsWith("/")).sort();
  }

  has(name) {
    return this.entries.has(name);
  }

  /** All that is in one of its files. */
  async read(name, maxBytes) {
    const entry = this.entries.get(name);
    if (!entry) refuse("format", `${name} is not there`, "missing");
    if (entry.size > maxBytes) refuse("format", `${name} is too large`, "damaged");
    const bytes = await this.unpack(entry, await this.findData(entry));
    if (bytes.length !== entry.size || crc32(bytes) !== entry.crc) {
      refuse("format", `${name} is damaged`, "damaged");
    }
    return bytes;
  }

  /** Where the bytes of an entry begin: its local header repeats its name. */
  async findData(entry) {
    const nameLength = entry.rawName.length;
    const head = await slice(this.blob, entry.offset, entry.offset + 30 + nameLength);
    const isHead = head.byteLength === 30 + nameLength && head.getUint32(0, true) === 0x04034b50;
    const isSame = isHead && sameBytes(new Uint8Array(head.buffer, 30), entry.rawName);
    if (!isSame) refuse("format", `${entry.name} is damaged`, "damaged");
    return entry.offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  }

  async unpack(entry, start) {
    const packed = this.blob.slice(start, start + entry.packed);
    if (entry.method === STORED) return new Uint8Array(await readBlob(packed));
    const bytes = new Uint8Array(entry.size);
    const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    let at = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        // Never more than it declares, whatever is packed.
        if (at + value.length > bytes.length) throw new TypeError("too many bytes");
        bytes.set(value, at);
        at += value.length;
      }
    } catch (error) {
      reader.cancel().catch(() => {});
      if (error instanceof DOMException) throw new Unread("the file could not be read");
      if (!(error instanceof TypeError)) throw error;
      refuse("format", `${entry.name} is damaged`, "damaged");
    }
    return bytes.subarray(0, at);
  }
}

function readZip64(entry, view, start, length) {
  const fields = ["size", "packed", "offset"].filter((name) => entry[name] === 0xffffffff);
  if (!fields.length) return;
  for (let at = start; at + 4 <= start + length; ) {
    const [id, size] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (id === 1 && size >= 8 * fields.length && at + 4 + size <= start + length) {
      fields.forEach((name, number) => {
        entry[name] = uint64(view, at + 4 + 8 * number);
      });
      return;
    }
    at += 4 + size;
  }
  refuse("format", "a ZIP64 without sizes", "damaged");
}

/** Where the directory stands: at the very end, and nothing behind it. */
async function findDirectory(blob) {
  const tail = await slice(blob, Math.max(0, blob.size - MAX_TAIL_BYTES), blob.size);
  const end = tail.byteLength - END_BYTES;
  const isEnd = end >= 0 && tail.getUint32(end, true) === 0x06054b50;
  if (!isEnd || tail.getUint16(end + 20, true) !== 0) {
    const bytes = new Uint8Array(tail.buffer).subarray(0, Math.max(0, end + 4));
    const isElsewhere = findBytes(bytes, toBytes("PK\x05\x06")) >= 0;
    refuse("format", "the end of the ZIP is not where it should be", isElsewhere ? "damaged" : "cut-off");
  }
  let length = tail.getUint32(end + 12, true);
  let start = tail.getUint32(end + 16, true);
  let close = blob.size - END_BYTES;
  if (length === 0xffffffff || start === 0xffffffff || tail.getUint16(end + 10, true) === 0xffff) {
    close -= 76;
    ({ length, start } = await readEnd64(blob, close));
  }
  if (start + length !== close) refuse("format", "a ZIP whose directory is elsewhere", "damaged");
  if (length > MAX_DIRECTORY_BYTES) refuse("format", "a ZIP of too many files", "damaged");
  return { start, length };
}

async function readEnd64(blob, at) {
  const view = await slice(blob, Math.max(at, 0), Math.max(at, 0) + 76);
  const isThere =
    view.byteLength === 76 &&
    view.getUint32(0, true) === 0x06064b50 &&
    view.getUint32(56, true) === 0x07064b50 &&
    uint64(view, 64) === at;
  if (!isThere) refuse("format", "a ZIP64 without its record", "damaged");
  return { length: uint64(view, 40), start: uint64(view, 48) };
}
