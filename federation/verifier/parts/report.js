// What was found: facts and kinds, never sentences. The same form as
// `federation verify --json` gives.

const MAX_KEPT = 100;
// As in flows/audit/report.py: what could not be read says nothing of a history; it
// outranks what may merely follow from it, and hides nothing that was proved.
const UNASKED = "unreachable";
const FOLLOWING = ["quorum", "stale", "missing", "unpinned"];

/** Everything that one look at the given files comes to. */
class Report {
  constructor(trust) {
    this.trust = trust;
    this.sources = [];
    this.logs = [];
    this.documents = [];
    this.findings = [];
    this.counts = {};
    this.photos = null;
    this.seen = new Map();
  }

  /** Note one thing; what is no error by the table of kinds is a note. */
  add(kind, source, { origin = "", index = null, detail = "", ...more } = {}) {
    const level = Object.hasOwn(data.kinds, kind) ? "error" : "note";
    const id = `${kind}\n${source}\n${origin}`;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.seen.set(id, (this.seen.get(id) ?? 0) + 1);
    if (this.seen.get(id) <= MAX_KEPT) {
      this.findings.push({ kind, level, source, origin, index, detail, ...more });
    }
  }

  /** A refusal as a finding; anything else is a fault of this page and is thrown on. */
  refuse(error, source, more = {}, kind = "") {
    if (error instanceof Unread) {
      this.add(UNASKED, source, { detail: error.message, ...more });
      return;
    }
    if (!(error instanceof Refusal)) throw error;
    const fallback = error.sort === "format" ? "damaged" : "bad-record";
    const apart = error instanceof SetApart ? { apart: { count: 1, reason: error.reason } } : {};
    this.add(kind || error.kind || fallback, source, { detail: error.message, ...apart, ...more });
  }

  /** The errors of one file: of a bundle's files too, whose names begin with its own. */
  errorsOf(source) {
    return this.findings.filter((one) => one.level === "error" && isOf(source, one));
  }

  verdict() {
    const found = Object.keys(data.kinds).filter((kind) => this.counts[kind]);
    if (!found.includes(UNASKED)) return found[0] ?? "proved";
    return found.find((kind) => kind !== UNASKED && !FOLLOWING.includes(kind)) ?? UNASKED;
  }

  /** What no look at these files proves, as codes. */
  notProved() {
    const all = [...this.logs, ...this.documents];
    const isPrevented = this.trust.policy && sharedWitnesses(this.trust.policy) > 0;
    return [
      "form",
      "later",
      ...(isPrevented ? [] : ["fork"]),
      ...(this.counts["no-map"] ? ["basis"] : []),
      ...(this.counts.partial ? ["earlier"] : []),
      ...(all.some((one) => one.pinned === "no") ? ["keys"] : []),
    ];
  }

  toJSON() {
    const verdict = this.verdict();
    return {
      verdict,
      exit: data.kinds[verdict] ?? 0,
      as_of: null,
      sources: this.sources,
      logs: this.logs,
      documents: this.documents,
      maps: [],
      findings: this.findings,
      counts: this.counts,
      not_proved: this.notProved(),
      ...(this.photos ? { photos: this.photos.toJSON() } : {}),
    };
  }
}

/** Whether something was found in this file, or in a file within it. */
function isOf(source, one) {
  return one.source === source || one.source.startsWith(`${source}:`);
}

/** Give a refusal its kind, by the step that it happened in. */
async function within(kind, work) {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Refusal && !error.kind) error.kind = kind;
    throw error;
  }
}
