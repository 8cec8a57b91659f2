// Whom the reader trusts: a trust file, and fingerprints of identity keys.
//
//     log <vkey> [<url>]
//     witness <name> <vkey> [<url>]
//     group <name> all|any|<k> <name>...
//     quorum <name>|none
//
// Source: C2SP tlog-policy (draft)

const MAX_TRUST_BYTES = 256_000;
const MAX_LINES = 256;

/** The trust file that these bytes are. */
async function parseTrustFile(bytes) {
  if (bytes.length > MAX_TRUST_BYTES) refuse("format", "a trust file that is too large");
  const isBad = (byte) => (byte < 0x20 && byte !== 9 && byte !== LF) || byte === 0x7f;
  if (bytes.some(isBad)) refuse("format", "a control character in a trust file");
  if (bytes.length && bytes[bytes.length - 1] !== LF) {
    refuse("format", "the last line of a trust file ends in LF");
  }
  const policy = { logs: [], witnesses: [], groups: [], quorum: null };
  const taken = { names: new Set(["none"]), members: new Set() };
  for (const line of toText(bytes).split("\n")) {
    const words = line.split(/[ \t]+/).filter(Boolean);
    if (words.length && !words[0].startsWith("#")) await readLine(words, policy, taken);
  }
  if (policy.quorum === null) refuse("format", "a trust file without quorum");
  return policy;
}

async function readLine([kind, ...rest], policy, taken) {
  const count = rest.length;
  if (kind === "log" && count >= 1 && count <= 2) {
    policy.logs.push(await readKey(rest[0], ALG_ED25519, policy.logs));
  } else if (kind === "witness" && count >= 2 && count <= 3) {
    define(rest[0], taken);
    const one = await readKey(rest[1], ALG_COSIGNATURE, policy.witnesses);
    policy.witnesses.push({ ...one, name: rest[0] });
  } else if (kind === "group" && count >= 3) {
    readGroup(rest, policy, taken);
  } else if (kind === "quorum" && count === 1) {
    if (policy.quorum !== null || !taken.names.has(rest[0])) {
      refuse("format", "a second quorum, or one of an unknown name");
    }
    policy.quorum = rest[0];
  } else {
    refuse("format", "not a line of a trust file");
  }
}

async function readKey(vkey, alg, others) {
  const key = await parseVkey(vkey);
  const isTwice = others.some((one) => sameBytes(one.key.publicKey, key.publicKey));
  if (key.alg !== alg || isTwice) refuse("format", "a key twice, or of another kind");
  if (others.length >= MAX_LINES) refuse("format", "too many lines");
  return { key };
}

function define(name, taken) {
  if (taken.names.has(name)) refuse("format", "a name that is taken");
  taken.names.add(name);
}

function readGroup([name, rule, ...members], policy, taken) {
  for (const member of members) {
    const isKnown = member !== "none" && taken.names.has(member);
    if (!isKnown || taken.members.has(member)) {
      refuse("format", "a member that is unknown or in a group already");
    }
    taken.members.add(member);
  }
  define(name, taken);
  const named = { any: 1, all: members.length };
  const threshold = named[rule] ?? parseDecimal(rule);
  if (threshold < 1 || threshold > members.length) {
    refuse("format", "a threshold that no group can meet");
  }
  if (policy.groups.length >= MAX_LINES) refuse("format", "too many lines");
  policy.groups.push({ name, threshold, members });
}

/** Whether cosignatures by these keys are enough for the trust file. */
function isQuorumMet(policy, keys) {
  const texts = new Set(keys.map((key) => key.text));
  const met = new Set(
    policy.witnesses.filter((one) => texts.has(one.key.text)).map((one) => one.name),
  );
  for (const { name, threshold, members } of policy.groups) {
    if (members.filter((member) => met.has(member)).length >= threshold) met.add(name);
  }
  return policy.quorum === "none" || met.has(policy.quorum);
}

/** How many witnesses any two quorums have in common, at the least. */
function sharedWitnesses(policy) {
  if (policy.quorum === "none") return 0;
  const least = new Map(policy.witnesses.map((one) => [one.name, 1]));
  for (const { name, threshold, members } of policy.groups) {
    const common = Math.max(0, 2 * threshold - members.length);
    const counts = members.map((member) => least.get(member)).sort((a, b) => a - b);
    least.set(name, counts.slice(0, common).reduce((sum, one) => sum + one, 0));
  }
  return least.get(policy.quorum);
}
