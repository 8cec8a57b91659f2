// The key statements of one log: who may sign what, and where.
//
// Rule: whole, and linked: each statement names the SHA-256 of the note before it, and
// is signed by the identity key; where that changes, by the old one first. The newest
// alone decides which key is valid at which position. Whether the identity is the one
// that it should be is not asked here (trust.js).

const MAX_STATEMENTS = 1000;
const MAX_LEAF_BYTES = 65_535;
const LEAP = "[12][0-9](?:0[48]|[2468][048]|[13579][26])|(?:1[26]|2[048])00";
const DAY =
  "(?:[12][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])" +
  "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))" +
  `|(?:${LEAP})-02-29)`;
// Of a history that is for partners first, the name says until when.
const FROM = `from-${DAY}T(?:[01][0-9]|2[0-3])[0-5][0-9]Z`;
const ORIGIN = new RegExp(
  "^([a-z0-9-]+(?:\\.[a-z0-9-]+)+)/([a-z0-9-]{1,40})" +
    `(/incidents|/${FROM})?(?:/([2-9]|[1-9][0-9]{1,2}))?$`,
);

function parseOrigin(origin) {
  const found = origin.length <= 320 ? ORIGIN.exec(origin) : null;
  if (!found) refuse("format", "not the name of a history");
  const [, org, election, part, generation] = found;
  const isPublic = part !== "/incidents";
  return { org, election, isPublic, generation: Number(generation ?? 1) };
}

function originBefore(origin) {
  const { generation } = parseOrigin(origin);
  if (generation === 1) return null;
  const base = origin.slice(0, origin.lastIndexOf("/"));
  return generation === 2 ? base : `${base}/${generation - 1}`;
}

async function parseRoleKey(vkey, role, statement) {
  let key = null;
  try {
    key = await parseVkey(vkey);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuse("record", error.message);
  }
  const name = role === "log" ? statement.origin : `${statement.org}/${role}`;
  if (key.name !== name) refuse("record", `a ${role} key with another name`);
  if (key.alg !== (role === "mirror" ? ALG_COSIGNATURE : ALG_ED25519)) {
    refuse("record", `a ${role} key of another algorithm`);
  }
  return key;
}

/** Refuse a statement whose keys could be taken for one another. */
async function checkKeyStatement(statement) {
  if ((statement.version === 1) !== (statement.previous === undefined)) {
    refuse("record", "previous: from version 2 on, and only then");
  }
  const { org, election } = parseOrigin(statement.origin);
  if (org !== statement.org || election !== statement.election) {
    refuse("record", "origin: of another organisation or election");
  }
  if ((statement.follows?.origin ?? null) !== originBefore(statement.origin)) {
    refuse("record", "follows: a successor, and only one, names the history before");
  }
  const identity = await parseRoleKey(statement.identity, "identity", statement);
  const publics = new Set([toHex(identity.publicKey)]);
  const starts = new Set();
  for (const entry of statement.keys) {
    const key = await parseRoleKey(entry.vkey, entry.role, statement);
    if (publics.has(toHex(key.publicKey))) refuse("record", "a key that stands twice");
    publics.add(toHex(key.publicKey));
    if (entry.role !== "log") continue;
    if (starts.has(entry.from)) refuse("record", "two log keys begin at one size");
    starts.add(entry.from);
  }
  const roles = new Set(statement.keys.map((entry) => entry.role));
  if (!roles.has("log") || !roles.has("records")) {
    refuse("record", "needs a key of role log and one of role records");
  }
  checkRevoked(statement);
}

function checkRevoked(statement) {
  const ours = statement.keys.filter((entry) => entry.role === "log" || entry.role === "records");
  const listed = new Set(ours.map((entry) => entry.vkey));
  for (const one of statement.revoked ?? []) {
    if (!listed.delete(one.vkey)) refuse("record", "revoked: not a key that is listed once");
  }
}

/** One statement, its identity key, and the note that says it. */
async function openStatement(bytes, before) {
  const note = parseNote(bytes, MAX_LEAF_BYTES);
  const statement = parseCanonical(note.text.subarray(0, -1));
  checkSchema(statement, data.schemas.KeyStatement, "");
  await checkKeyStatement(statement);
  const identity = await parseVkey(statement.identity);
  const needed = before && before.text !== identity.text ? [before, identity] : [identity];
  const found = note.signatures.map((line) => `${line.name} ${line.id}`);
  if (found.join("\n") !== needed.map((key) => `${key.name} ${key.id}`).join("\n")) {
    refuse("signature", "not signed by exactly the identity key that it needs");
  }
  for (const [at, key] of needed.entries()) {
    if (!(await verify(key, note.text, note.signatures[at].payload))) {
      refuse("signature", `a bad signature by ${key.name}`);
    }
  }
  return { statement, identity, bytes, text: note.text };
}

async function checkNext(old, next) {
  const [a, b] = [old.statement, next.statement];
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  if (a.origin !== b.origin || !same(a.follows, b.follows)) {
    refuse("record", "continues the statement of another history");
  }
  if (b.version !== a.version + 1) refuse("record", "a version is missing");
  if (b.previous !== toHex(await sha256(old.bytes))) {
    refuse("record", "does not name the statement before");
  }
  const kept = new Map(b.keys.map((entry) => [entry.vkey, entry]));
  for (const entry of a.keys) {
    const stays = entry.role === "log" || entry.role === "records";
    if (stays && !same(kept.get(entry.vkey), entry)) {
      refuse("record", "a key was dropped or changed, not revoked");
    }
  }
}

/** The chain that these notes form, oldest first. */
async function openChain(notes) {
  if (!notes.length || notes.length > MAX_STATEMENTS) refuse("format", "no key statements");
  const opened = [];
  for (const bytes of notes) {
    const last = opened[opened.length - 1];
    const next = await openStatement(bytes, last?.identity);
    if (last) await checkNext(last, next);
    else if (next.statement.version !== 1) {
      refuse("record", "the first statement has version 1");
    }
    opened.push(next);
  }
  return buildChain(opened);
}

async function buildChain(opened) {
  const newest = opened[opened.length - 1].statement;
  const ends = new Map((newest.revoked ?? []).map((one) => [one.vkey, one]));
  const ranges = [];
  for (const entry of newest.keys) {
    const key = await parseVkey(entry.vkey);
    const { from: end = Infinity, reason = "" } = ends.get(entry.vkey) ?? {};
    ranges.push({ role: entry.role, key, start: entry.from, end, reason });
  }
  return {
    ...parseOrigin(newest.origin),
    origin: newest.origin,
    notes: opened.map((one) => one.bytes),
    texts: new Set(opened.map((one) => encodeBase64(one.bytes))),
    identities: opened.map((one) => one.identity),
    identity: opened[opened.length - 1].identity,
    versions: opened.length,
    ranges,
  };
}

/** The key that signs checkpoints of this size. */
function logKey(chain, size) {
  const valid = chain.ranges.filter(
    (one) => one.role === "log" && one.start <= size && size < one.end,
  );
  if (!valid.length) refuse("signature", `no log key is valid at size ${size}`);
  return valid.reduce((best, one) => (one.start > best.start ? one : best)).key;
}

function mirrorKeys(chain) {
  return chain.ranges.filter((one) => one.role === "mirror").map((one) => one.key);
}
