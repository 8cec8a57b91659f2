// Every key chain that any of the given files brought, by its log.
//
// Rule: what one file says of a log's keys holds for all of them: a later version
// judges what an earlier one allowed, and two versions that contradict each other,
// both signed by the same identity, are a proof against it.

class Pool {
  constructor(report) {
    this.report = report;
    this.chains = new Map();
  }

  /** Open the notes and keep the chain; the longer of two that agree. */
  async add(notes, source) {
    const chain = await within("keys", openChain(notes));
    const others = this.chains.get(chain.origin) ?? [];
    const related = others.find((one) => isContinued(one, chain) || isContinued(chain, one));
    if (!related) {
      for (const other of others) this.findFork(other, chain, source);
      this.chains.set(chain.origin, [...others, chain]);
    } else if (related.versions < chain.versions) {
      this.chains.set(
        chain.origin,
        others.map((one) => (one === related ? chain : one)),
      );
    }
    return chain;
  }

  findFork(one, other, source) {
    const length = Math.min(one.versions, other.versions);
    let at = 0;
    while (at < length && sameBytes(one.notes[at], other.notes[at])) at += 1;
    const before = at ? one.identities[at - 1] : null;
    const signer = before ?? (one.identities[0].text === other.identities[0].text);
    if (!signer) return;
    this.report.add("forked", source, { origin: one.origin, detail: "keys" });
  }

  /** The newest chain that continues this one. */
  newest(chain) {
    const all = this.chains.get(chain.origin) ?? [];
    return all.find((one) => isContinued(chain, one)) ?? chain;
  }

  of(origin) {
    return this.chains.get(origin) ?? [];
  }

  all() {
    return [...this.chains.values()].flat();
  }
}

function isContinued(old, next) {
  return old.versions <= next.versions && old.notes.every((one, at) => sameBytes(one, next.notes[at]));
}

/**
 * Who vouches for a chain: "fingerprint", "trust-file" or "no". `size`: of the tree that
 * its log key signed; `firstLeaf`: of that tree, null where it is not at hand.
 */
async function findPin(chain, trust, size = null, firstLeaf = null) {
  for (const identity of chain.identities) {
    if (trust.fingerprints.has(await fingerprint(identity))) return "fingerprint";
  }
  if (!trust.policy) return "no";
  if (firstLeaf && !sameBytes(firstLeaf, chain.notes[0])) return "no";
  const texts = new Set(trust.policy.logs.map((log) => log.key.text));
  const used =
    size === null
      ? chain.ranges.filter((one) => one.role === "log").map((one) => one.key)
      : [logKey(chain, size)];
  return used.some((key) => texts.has(key.text)) ? "trust-file" : "no";
}

/** A key's name begins with its organisation; a stranger's is all that there is. */
function orgOf(key) {
  return key.name.split("/")[0];
}

/** Say what is wrong where nobody vouches for the keys. */
function judgePin(report, pinned, source, origin) {
  if (pinned !== "no") return;
  const { policy, fingerprints } = report.trust;
  const isCompared = (policy !== null && policy.logs.length > 0) || fingerprints.size > 0;
  report.add(isCompared ? "wrong-key" : "unpinned", source, { origin });
}

/** Who else held a checkpoint, since when, and whether they are enough. */
async function judgeHeld(checkpoint, report, pool, source) {
  const { policy } = report.trust;
  const { org } = parseOrigin(checkpoint.origin);
  const named = new Map();
  for (const { key } of policy?.witnesses ?? []) named.set(key.text, key);
  for (const chain of pool.all()) {
    if (policy || chain.org === org) continue;
    if ((await findPin(chain, report.trust, null)) === "no") continue;
    for (const key of mirrorKeys(chain)) named.set(key.text, key);
  }
  const { held, bad } = await openCosignatures(checkpoint.note, named.values());
  for (const key of bad) {
    report.add("cosignature", source, { origin: checkpoint.origin, detail: key.name });
  }
  let quorum = "none";
  if (policy && policy.quorum !== "none") {
    const isMet = isQuorumMet(policy, held.map((one) => one.key));
    quorum = isMet ? "met" : "not-met";
    if (!isMet) report.add("quorum", source, { origin: checkpoint.origin });
  }
  if (!held.length) report.note("no-cosignature", source, { origin: checkpoint.origin });
  return {
    quorum,
    held: held
      .map(({ key, time }) => ({ name: key.name, org: orgOf(key), time }))
      .sort((a, b) => a.time - b.time),
  };
}
