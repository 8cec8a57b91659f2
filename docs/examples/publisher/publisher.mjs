/* Publish polling-station results as plain files that any web server can serve.

     node publisher.mjs PRIVATE EXPORT.json PUBLIC

   PRIVATE holds publisher.json (who you are) and, from the first run on, your keys and all
   that you ever signed: back it up, run it from one place only. EXPORT.json is a Firestore
   collection as its REST interface lists it; PUBLIC is for the server. Needs Node 20.10. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";

/** What one document of your export says. This is the function to make your own. */
function recordOf(document) {
  const { kelurahan, tps, paslon, sah, tidakSah } = plain({ mapValue: document });
  const place = { contest: "ppwp", tps: kelurahan + String(tps).padStart(3, "0") };
  const kind = { type: "tps-result/1", round: "reguler", form: "plano", source: "citizen" };
  const figures = { suara_sah: sah, suara_tidak_sah: tidakSah };
  return { ...place, ...kind, review: "unreviewed", figures, candidates: paslon };
}

/** A value of Firestore, without the name of its type around it. */
function plain({ mapValue, integerValue, ...other }) {
  const members = Object.entries(mapValue?.fields ?? {}).map(([name, one]) => [name, plain(one)]);
  if (mapValue) return Object.fromEntries(members);
  return integerValue === undefined ? Object.values(other)[0] : Number(integerValue);
}

const sha256 = (...parts) =>
  crypto.createHash("sha256").update(Buffer.concat(parts.map((x) => Buffer.from(x)))).digest();

/** The one way to write it: members sorted; JSON.stringify alone puts "10" before "02". */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  const isPlain = typeof value === "string" || (Number.isSafeInteger(value) && value >= 0);
  if (isPlain) return JSON.stringify(value);
  if (value?.constructor !== Object) throw new TypeError(`no value of a record: ${value}`);
  return `{${Object.keys(value).sort().map((name) => `"${name}":${canonical(value[name])}`)}}`;
}
const groupsOf = (items, size) =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size));
const line = (value) => canonical(value).normalize("NFC") + "\n";

/** All of the file or nothing, whenever the machine stops. */
function write(path, data, mode = 0o644) {
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.writeFileSync(path + ".new", data, { mode, flush: true });
  fs.renameSync(path + ".new", path);
}

/** An Ed25519 key and the name that it signs under; made before the first record. */
class Key {
  constructor(path, name, isNew) {
    const form = { privateKeyEncoding: { format: "pem", type: "pkcs8" } };
    if (isNew && !fs.existsSync(path))
      write(path, crypto.generateKeyPairSync("ed25519", form).privateKey, 0o600);
    this.name = name;
    this.key = crypto.createPrivateKey(fs.readFileSync(path));
    const der = crypto.createPublicKey(this.key).export({ format: "der", type: "spki" });
    const key = Buffer.concat([Buffer.of(1), der.subarray(-32)]);
    this.id = sha256(name, "\n", key).subarray(0, 4);
    this.vkey = `${name}+${this.id.toString("hex")}+${key.toString("base64")}`;
  }
  sign(text) {
    const signature = Buffer.concat([this.id, crypto.sign(null, Buffer.from(text), this.key)]);
    return `${text}\n— ${this.name} ${signature.toString("base64")}\n`;
  }
}

/** The root over these hashes (RFC 6962). */
function rootOf(hashes) {
  while (hashes.length > 1)
    hashes = groupsOf(hashes, 2).map(([a, b]) => (b ? sha256(Buffer.of(1), a, b) : a));
  return hashes[0];
}

/** The files of one level, 256 to a file, and of the levels of hashes above it. */
function* tilesOf(level, items) {
  const groups = groupsOf(items, 256);
  for (const [number, group] of groups.entries()) {
    const parts = number.toLocaleString("en").split(",").map((x) => "x" + x.padStart(3, "0"));
    const path = parts.join("/").replace(/x(...)$/, "$1");
    const partial = group.length === 256 ? "" : `.p/${group.length}`;
    yield [`tile/${level}/${path}${partial}`, Buffer.concat(group)];
  }
  if (level !== "entries" && items.length >= 256)
    yield* tilesOf(level + 1, groups.filter((group) => group.length === 256).map(rootOf));
}

/** A record for each document that says something new about its polling station. */
function* newRecords(leaves, documents, source) {
  const place = ({ contest, tps, round }) => `${contest} ${tps} ${round}`;
  const told = (record) => line({ ...record, recorded_at: "" });
  const before = leaves.slice(1).map((leaf) => JSON.parse(leaf.split("\n")[0]));
  const said = new Map(before.map((record) => [place(record), told(record)]));
  for (const record of documents.map((one) => ({ ...recordOf(one), ...source }))) {
    if (said.get(place(record)) === told(record)) continue;
    said.set(place(record), told(record));
    yield line(record);
  }
}

const [home, exported, folder] = process.argv.slice(2);
const lock = join(home, "running"); // two runs at once would sign two histories
fs.closeSync(fs.openSync(lock, "wx"));
process.on("exit", () => fs.unlinkSync(lock));
const { election, ...about } = JSON.parse(fs.readFileSync(join(home, "publisher.json"), "utf8"));
const { org } = about, origin = `${org}/${election}`, kept = join(home, "leaves.json");
const source = { org, election, recorded_at: new Date().toISOString().slice(0, 19) + "Z" };
const log = join(folder, sha256(origin).toString("hex")), shown = join(log, "checkpoint");
const leaves = fs.existsSync(kept) ? JSON.parse(fs.readFileSync(kept, "utf8")) : [];
const hashesOf = (some) => some.map((leaf) => sha256(Buffer.of(0), leaf));
if (fs.existsSync(shown)) {
  const [, size, root] = fs.readFileSync(shown, "utf8").split("\n");
  const held = hashesOf(leaves.slice(0, Number(size)));
  if (held.length < Number(size) || rootOf(held).toString("base64") !== root)
    throw new Error(`${shown} is of another history than ${kept}: nothing was signed`);
}
const isNew = leaves.length === 0;
const key = (role, name = `${org}/${role}`) => new Key(join(home, `${role}.pem`), name, isNew);
const keys = { log: key("log", origin), records: key("records"), node: key("node") };
if (isNew) {
  const named = Object.entries(keys).map(([role, { vkey }]) => ({ from: 0, role, vkey }));
  const owner = key("identity"), type = "key-statement/1", version = 1;
  const first = { ...source, type, version, origin, identity: owner.vkey, keys: named };
  leaves.push(owner.sign(line(first)));
}
const { identity } = JSON.parse(leaves[0].split("\n")[0]);
const { documents } = JSON.parse(fs.readFileSync(exported, "utf8"));
for (const text of newRecords(leaves, documents, source)) leaves.push(keys.records.sign(text));
// Kept before anything is shown: what was shown once is never said otherwise.
write(kept, JSON.stringify(leaves));
const entries = leaves.map((leaf) => Buffer.from(leaf)).map((leaf) =>
  Buffer.concat([Buffer.of(leaf.length >> 8, leaf.length & 255), leaf]));
const hashes = hashesOf(leaves);
for (const [path, data] of [...tilesOf("entries", entries), ...tilesOf(0, hashes)])
  if (!fs.existsSync(join(log, path))) write(join(log, path), data);
const root = rootOf(hashes).toString("base64");
const checkpoint = keys.log.sign(`${origin}\n${leaves.length}\n${root}\n`);
const logs = [{ origin, visibility: "public" }];
const signed = keys.node.sign(line({ ...about, identity, logs }));
const digests = { about: sha256(signed).toString("hex"), keys: sha256(entries[0]).toString("hex") };
write(join(folder, ".well-known/tps-federation"), signed);
write(join(log, "about"), signed);
write(join(log, "keys"), entries[0]);
write(join(folder, "logs"), canonical({ logs: [{ origin, checkpoint, ...digests }] }));
write(shown, checkpoint); // last: what it speaks of is all there
console.log(`# ${leaves.length - 1} results; for partners' peers.toml, with your address:
[[peer]]\norg = "${org}"\nidentity = "${identity}"\nurl = "https://…"`);
