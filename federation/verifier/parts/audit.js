// All that was given, judged together: keys first, then what they signed, then whether
// the sources agree with each other.

/** Everything that can be said of these files. */
async function audit(inputs, typed, progress) {
  const report = new Report(await readTrust(inputs, typed));
  report.sources = inputs.map((one) => one.name);
  const pool = new Pool(report);
  const seen = [];
  for (const input of inputs) await guarded(report, input, () => prepare(input, report, pool));
  for (const input of inputs) {
    await guarded(report, input, async () => {
      const found = await judge(input, report, pool, progress);
      for (const checkpoint of found) seen.push({ checkpoint, source: input.name });
    });
  }
  findForks(seen, report);
  return report;
}

/** One damaged file never hides what the others prove. */
async function guarded(report, input, work) {
  if (input.isRefused) return;
  try {
    await work();
  } catch (error) {
    input.isRefused = true;
    report.refuse(error, input.name, "", { origin: error.origin ?? "" });
  }
}

async function readTrust(inputs, typed) {
  const trust = { policy: null, fingerprints: new Set(typed) };
  for (const input of inputs.filter((one) => one.kind === "trust-file")) {
    try {
      const policy = await parseTrustFile(input.bytes);
      trust.policy = trust.policy ? null : policy;
      input.policy = policy;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      input.refusal = error;
    }
  }
  return trust;
}

/** Read what has to be known before anything can be judged: keys. */
async function prepare(input, report, pool) {
  input.isRefused = false;
  if (input.kind === "trust-file" && input.refusal) throw input.refusal;
  if (input.kind === "unknown") refuse("format", "nothing that this page knows");
  if (input.kind === "receipt") {
    input.opened = await readReceipt(input.bytes, input.name, pool);
  }
  if (input.kind === "keys") {
    const notes = decodeNotes(input.bytes, MAX_STATEMENTS);
    input.opened = await pool.add(notes, input.name);
  }
}

/** Judge one input; the checkpoints that it proved. */
async function judge(input, report, pool, progress) {
  const { name, bytes, opened } = input;
  if (input.kind === "receipt") return [await judgeReceipt(opened, name, report, pool)];
  if (input.kind === "keys") await judgeKeys(opened, name, report, pool);
  if (input.kind === "record") await judgeRecord(bytes, name, report, pool);
  if (input.kind === "evidence") await judgeEvidence(bytes, name, report, pool);
  if (input.kind === "checkpoint") {
    return [await judgeCheckpoint(bytes, name, report, pool)].filter(Boolean);
  }
  return [];
}

/** Two signed histories of one size. */
function findForks(seen, report) {
  const first = new Map();
  for (const { checkpoint, source } of seen) {
    const id = `${checkpoint.origin}\n${checkpoint.size}`;
    const other = first.get(id);
    if (!other) first.set(id, checkpoint);
    else if (!sameBytes(other.root, checkpoint.root)) {
      report.add("forked", source, { origin: checkpoint.origin, detail: "checkpoints" });
    }
  }
}
