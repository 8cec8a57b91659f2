// Every key chain that any of the given files brought, by its log.
//
// Rule: what one file says of a log's keys holds for all of them: of a chain and those
// that continue it the longest judges, and a chain is vouched for as well if it begins,
// or continues, one that is. A fingerprint is of a key and not of a name, so it vouches
// for one organisation only: where two bear it, or where two chains of one log that do
// not continue each other are vouched for, none is.

class Pool {
  constructor(report) {
    this.report = report;
    this.opened = new Map();
    this.chains = new Map();
    this.byFile = new Map();
    this.byPrint = new Map();
    this.found = new Set();
    this.isSettled = true;
  }

  /** Open the notes and remember the chain; a thousand receipts bring the same one. */
  async add(notes, source) {
    const id = notes.map(encodeBase64).join(" ");
    if (this.opened.has(id)) return this.opened.get(id);
    const chain = await within("keys", openChain(notes));
    chain.prints = await Promise.all(chain.identities.map(fingerprint));
    this.opened.set(id, chain);
    if (!this.chains.has(chain.origin)) this.chains.set(chain.origin, []);
    this.chains.get(chain.origin).push({ source, chain });
    this.isSettled = false;
    return chain;
  }

  /** The given fingerprints that vouch for a chain, if nobody else bears them. */
  vouched({ prints, org }) {
    const { owners } = this.report.trust;
    return prints.filter((text) => owners.has(text) && (owners.get(text) || org) === org);
  }

  /** See for whom the fingerprints vouch, now that these chains are known. */
  settle() {
    const every = [...this.chains.values()].map((all) => all.map((one) => one.chain));
    const bearers = new Map();
    for (const chain of every.flat()) {
      for (const text of this.vouched(chain)) {
        bearers.set(text, (bearers.get(text) ?? new Set()).add(chain.org));
      }
    }
    this.found = new Set([...bearers.keys()].filter((text) => bearers.get(text).size === 1));
    this.byPrint.clear();
    for (const ofLog of every) {
      const mine = ofLog.filter((one) => this.vouched(one).some((text) => this.found.has(text)));
      if (!mine.length) continue;
      const longest = longestOf(mine);
      const isOne = mine.every((one) => isContinued(one, longest));
      if (isOne) this.byPrint.set(longest.origin, longest);
    }
    this.isSettled = true;
  }

  /** How the keys of a log are vouched for, and which; null where they are not. */
  pinnedOf(origin) {
    if (!this.isSettled) this.settle();
    const [print, file] = [this.byPrint.get(origin), this.byFile.get(origin)];
    if (print) return { how: "fingerprint", chain: print };
    return file ? { how: "trust-file", chain: file } : null;
  }

  allPinned() {
    const held = this.origins().map((origin) => this.pinnedOf(origin)).filter(Boolean);
    return held.map(({ chain }) => this.newest(chain));
  }

  /**
   * Who vouches for a chain: "fingerprint", "trust-file" or "no". `signer`: what signed
   * its tree, null without one; `firstLeaf`: of that tree, null where it is not at hand.
   * Then a named key vouches for what it signed, but for nobody's keys: anyone can write
   * key statements that name it. They are not kept.
   */
  pin(chain, signer, firstLeaf) {
    const held = this.pinnedOf(chain.origin);
    if (held && (isContinued(held.chain, chain) || isContinued(chain, held.chain))) {
      return held.how;
    }
    const logs = this.report.trust.policy?.logs ?? [];
    const isNamed = signer !== null && logs.some((log) => log.key.text === signer.text);
    if (!isNamed) return "no";
    if (firstLeaf !== null) {
      if (!sameBytes(firstLeaf, chain.notes[0])) return "no";
      this.byFile.set(chain.origin, this.newest(chain));
    }
    return "trust-file";
  }

  /** Say what is wrong where nobody vouches for the keys. */
  judgePin(pinned, signer, source, chain) {
    if (pinned !== "no") return;
    const { policy, owners } = this.report.trust;
    // A trust file names a log; without its tree it says nothing of anybody's keys.
    const isCompared = owners.size > 0 || (signer !== null && policy?.logs.length > 0);
    const kind = this.mayBeMeant(chain) ? "wrong-key" : "stranger";
    this.report.add(isCompared ? kind : "unpinned", source, { origin: chain.origin });
  }

  /**
   * Whether the reader may have named another key for this very organisation: a
   * fingerprint that fits nothing may have been told for this one.
   */
  mayBeMeant(chain) {
    const { policy, owners } = this.report.trust;
    if (!this.isSettled) this.settle();
    const isLeft = [...owners.keys()].some((text) => !this.found.has(text));
    const named = [...owners.values(), ...(policy?.logs ?? []).map(({ key }) => orgOf(key))];
    const pinned = this.allPinned().map(({ org }) => org);
    return isLeft || [...named, ...pinned].includes(chain.org) || this.vouched(chain).length > 0;
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
    const held = this.pinnedOf(origin);
    if (held) return this.newest(held.chain);
    const all = (this.chains.get(origin) ?? []).map((one) => one.chain);
    return all.length ? longestOf(all) : null;
  }

  origins() {
    return [...this.chains.keys()];
  }

  /** The keys that may say that they hold a history, but for its own organisation. */
  holders(org) {
    const witnesses = this.report.trust.policy?.witnesses ?? [];
    const mirrors = this.allPinned().flatMap(mirrorKeys);
    const all = [...witnesses.map((one) => one.key), ...mirrors];
    const known = new Map(all.map((key) => [key.text, key]));
    return [...known.values()].filter((key) => orgOf(key) !== org);
  }

  /**
   * Note every chain that another one of the same log contradicts. Where none is vouched
   * for, the longest is no better than the others, and is noted as well.
   */
  async compare() {
    for (const [origin, all] of this.chains) {
      const right = this.longest(origin);
      const mine = all.find(({ chain }) => isSame(chain, right));
      for (const { source, chain } of all) {
        if (isContinued(chain, right)) continue;
        const isFork = await isKeyFork(right, chain);
        const accused = isFork || this.pinnedOf(origin) ? [source] : [source, mine.source];
        const kind = isFork ? "forked" : "wrong-key";
        for (const one of accused) this.report.add(kind, one, { origin, detail: "keys" });
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

function isSame(one, other) {
  return isContinued(one, other) && isContinued(other, one);
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
