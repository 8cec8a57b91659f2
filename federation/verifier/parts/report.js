// What was found: facts and kinds, never sentences. The same form as
// `federation verify --json` gives.

const MAX_KEPT = 100;

/** Everything that one look at the given files comes to. */
class Report {
  constructor(trust) {
    this.trust = trust;
    this.sources = [];
    this.logs = [];
    this.documents = [];
    this.findings = [];
    this.counts = new Map();
  }

  add(kind, source, { origin = "", index = null, detail = "", level = "error" } = {}) {
    const id = `${kind}\n${source}\n${origin}`;
    const count = (this.counts.get(id) ?? 0) + 1;
    this.counts.set(id, count);
    if (count <= MAX_KEPT) {
      this.findings.push({ kind, level, source, origin, index, detail });
    }
  }

  note(kind, source, more = {}) {
    this.add(kind, source, { ...more, level: "note" });
  }

  /** A refusal as a finding; anything else is a fault of this page and is thrown on. */
  refuse(error, source, fallback, more = {}) {
    if (!(error instanceof Refusal)) throw error;
    const bySort = { format: "damaged", foreign: "foreign", revoked: "revoked" };
    const kind = error.kind || fallback || bySort[error.sort] || "bad-record";
    this.add(kind, source, { detail: error.message, ...more });
  }

  /** The errors of one source. */
  errorsOf(source) {
    return this.findings.filter((one) => one.source === source && one.level === "error");
  }

  countKinds() {
    const counts = {};
    for (const [id, count] of this.counts) {
      const [kind] = id.split("\n");
      counts[kind] = (counts[kind] ?? 0) + count;
    }
    return counts;
  }

  /** What no look at these files proves, as codes. */
  notProved() {
    const all = [...this.logs, ...this.documents];
    const isFound = (kind) => this.findings.some((one) => one.kind === kind);
    return [
      "form",
      "later",
      ...(all.every((one) => one.quorum === "met") ? [] : ["fork"]),
      ...(isFound("no-map") ? ["basis"] : []),
      ...(isFound("partial") ? ["earlier"] : []),
      ...(all.some((one) => one.pinned === "no") ? ["keys"] : []),
    ];
  }

  toJSON() {
    const errors = new Set(
      this.findings.filter((one) => one.level === "error").map((one) => one.kind),
    );
    const verdict = Object.keys(data.kinds).find((kind) => errors.has(kind)) ?? "proved";
    return {
      verdict,
      exit: data.kinds[verdict] ?? 0,
      as_of: null,
      sources: this.sources,
      logs: this.logs,
      documents: this.documents,
      maps: [],
      findings: this.findings,
      counts: this.countKinds(),
      not_proved: this.notProved(),
    };
  }
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
