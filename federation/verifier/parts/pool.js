// Every key chain that any of the given files brought, by its log.
//
// Rule: what one file says of a log's keys holds for all of them: the longest chain
// judges, and a chain is vouched for as well if it begins, or continues, one that is.

class Pool {
  constructor(report) {
    this.report = report;
    this.chains = new Map();
    this.pinned = new Map();
    this.found = new Set();
  }

  /** Open the notes and remember the chain. */
  async add(notes, source) {
    const chain = await within("keys", openChain(notes));
    const all = this.chains.get(chain.origin) ?? [];
    this.chains.set(chain.origin, [...all, { source, chain }]);
    for (const identity of chain.identities) {
      const text = await fingerprint(identity);
      if (!this.report.trust.fingerprints.has(text)) continue;
      this.found.add(text);
      this.keep("fingerprint", chain);
    }
    return chain;
  }

  keep(how, chain) {
    const held = this.pinned.get(chain.origin);
    if (!held || held.chain.versions < chain.versions) {
      this.pinned.set(chain.origin, { how, chain });
    }
  }

  /**
   * Who vouches for a chain: "fingerprint", "trust-file" or "no". `signer`: what signed
   * its tree, null without one; `firstLeaf`: of that tree, null where it is not at hand.
   */
  pin(chain, signer, firstLeaf) {
    const held = this.pinned.get(chain.origin);
    if (held && (isContinued(held.chain, chain) || isContinued(chain, held.chain))) {
      return held.how;
    }
    const logs = this.report.trust.policy?.logs ?? [];
    const isNamed = signer !== null && logs.some((log) => log.key.text === signer.text);
    const isFirst = firstLeaf === null || sameBytes(firstLeaf, chain.notes[0]);
    if (!isNamed || !isFirst) return "no";
    this.keep("trust-file", chain);
    return "trust-file";
  }

  /** Say what is wrong where nobody vouches for the keys. */
  judgePin(pinned, signer, source, chain) {
    if (pinned !== "no") return;
    const { policy, fingerprints } = this.report.trust;
    // A trust file names a log; without its tree it says nothing of anybody's keys.
    const isCompared = fingerprints.size > 0 || (signer !== null && policy?.logs.length > 0);
    const kind = this.mayBeMeant(chain) ? "wrong-key" : "stranger";
    this.report.add(isCompared ? kind : "unpinned", source, { origin: chain.origin });
  }

  /**
   * Whether the reader may have named another key for this very organisation: a
   * fingerprint that fits nothing may have been told for this one.
   */
  mayBeMeant({ org }) {
    const { policy, fingerprints } = this.report.trust;
    const isLeft = [...fingerprints].some((text) => !this.found.has(text));
    const isPinned = [...this.pinned.values()].some(({ chain }) => chain.org === org);
    const isNamed = (policy?.logs ?? []).some(({ key }) => orgOf(key) === org);
    return isLeft || isPinned || isNamed;
  }

  /** Strangers beside those who are vouched for are a note; strangers alone are not. */
  checkAnyPinned() {
    const { logs, documents, findings } = this.report;
    if ([...logs, ...documents].some((one) => one.pinned !== "no")) return;
    for (const { source, origin } of findings.filter((one) => one.kind === "stranger")) {
      this.report.add("wrong-key", source, { origin });
    }
  }

  /** The longest chain that continues this one. */
  newest(chain) {
    const all = (this.chains.get(chain.origin) ?? []).map((one) => one.chain);
    return longestOf([chain, ...all.filter((one) => isContinued(chain, one))]);
  }

  /** The chain of a log that says most; one that is vouched for before any other. */
  longest(origin) {
    const all = (this.chains.get(origin) ?? []).map((one) => one.chain);
    return this.pinned.get(origin)?.chain ?? (all.length ? longestOf(all) : null);
  }

  origins() {
    return [...this.chains.keys()];
  }

  /** The keys that may say that they hold a history, but for its own organisation. */
  holders(org) {
    const witnesses = this.report.trust.policy?.witnesses ?? [];
    const mirrors = [...this.pinned.values()].flatMap(({ chain }) => mirrorKeys(chain));
    const all = [...witnesses.map((one) => one.key), ...mirrors];
    const known = new Map(all.map((key) => [key.text, key]));
    return [...known.values()].filter((key) => orgOf(key) !== org);
  }

  /** Note every chain that another one of the same log contradicts. */
  async compare() {
    for (const [origin, all] of this.chains) {
      const right = this.longest(origin);
      for (const { source, chain } of all) {
        if (isContinued(chain, right)) continue;
        const kind = (await isKeyFork(right, chain)) ? "forked" : "wrong-key";
        this.report.add(kind, source, { origin, detail: "keys" });
      }
    }
  }
}

function longestOf(chains) {
  return chains.reduce((best, one) => (one.versions > best.versions ? one : best));
}

function isContinued(old, next) {
  const isPart = old.notes.every((one, at) => at < next.versions && sameBytes(one, next.notes[at]));
  return old.versions <= next.versions && isPart;
}

/** Whether two chains hold two signed statements of one version. */
async function isKeyFork(one, other) {
  const at = one.notes.findIndex((note, number) => {
    return number < other.versions && !sameBytes(note, other.notes[number]);
  });
  return at >= 0 && provesKeyFork(one, at, other.notes[at]);
}

/** Whether a note and the chain's own of version `at` + 1 are two histories. */
async function provesKeyFork(chain, at, note) {
  try {
    const opened = await openChain([...chain.notes.slice(0, at), note]);
    const isOurs = opened.identities.some((key) => key.text === chain.identities[0].text);
    const isOther = !sameBytes(parseNote(note).text, parseNote(chain.notes[at]).text);
    return opened.origin === chain.origin && isOurs && isOther;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** A key's name begins with its organisation. */
function orgOf(key) {
  return key.name.split("/")[0];
}
