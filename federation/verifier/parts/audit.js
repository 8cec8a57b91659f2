// All that was given, judged together: keys first, then what they signed, then whether
// the files agree with each other.

/** Everything that can be said of these files. */
async function audit(inputs, typed, progress) {
  const report = new Report(await readTrust(inputs, typed));
  report.sources = inputs.map((one) => one.name);
  report.photos = await readPhotos(inputs);
  const pool = new Pool(report);
  const all = [];
  for (const input of inputs) {
    all.push(input);
    await guarded(report, input, async () => {
      if (input.refusal) throw input.refusal;
      if (input.kind === "unknown") refuse("format", "nothing that this page knows");
      if (input.kind === "bundle") all.push(...(await openBundle(input, report, pool)));
    });
  }
  const documents = all.filter((one) => one.kind in JUDGES);
  for (const one of documents) await guarded(report, one, () => learnKeys(one, pool));
  for (const input of inputs) {
    for (const log of input.logs ?? []) await judgeLog(log, input, report, pool, progress);
  }
  await judgeAll(inputs, documents, report, pool);
  for (const one of report.photos ? report.documents : []) {
    if (!one.holds || !one.statement) continue;
    const { source, origin, index, statement } = one;
    await report.photos.take(source, origin, index, JSON.parse(statement), toBytes(`${statement}\n`));
  }
  return report;
}

/** A log whose file goes away meanwhile is not judged at all. */
async function judgeLog(log, input, report, pool, progress) {
  try {
    await log.judge(pool, progress);
  } catch (error) {
    if (!(error instanceof Unread)) throw error;
    input.logs = input.logs.filter((one) => one !== log);
    report.refuse(error, input.name);
  }
}

async function judgeAll(inputs, documents, report, pool) {
  const logs = inputs.flatMap((one) => one.logs ?? []);
  for (const log of logs) await log.report(report, pool);
  const loose = [];
  for (const kind of Object.keys(JUDGES)) {
    for (const one of documents.filter((document) => document.kind === kind)) {
      await guarded(report, one, async () => {
        const checkpoint = await judgeDocument(one, report, pool);
        if (checkpoint) loose.push({ checkpoint, source: one.name });
      });
    }
  }
  await compareSides(logs, loose, report, pool);
  await pool.compare();
  pool.checkAnyPinned();
}

/** One damaged file never hides what the others prove. */
async function guarded(report, input, work) {
  if (input.isRefused) return;
  try {
    await work();
  } catch (error) {
    input.isRefused = true;
    report.refuse(error, input.name, { origin: error.origin ?? input.origin ?? "" });
  }
}

/**
 * Whom the reader trusts. A trust file counts only if the reader said so of this very
 * file: it may have come along with what it is to judge.
 */
async function readTrust(inputs, typed) {
  const pairs = typed.map((one) => [one.slice(one.indexOf("=") + 1), one]);
  const owners = new Map(pairs.map(([text, one]) => [text, one.slice(0, -text.length - 1)]));
  const trust = { policy: null, owners };
  for (const input of inputs) {
    input.isRefused = false;
    if (input.kind !== "trust-file") continue;
    try {
      input.policy = await parseTrustFile(input.bytes);
      if (input.isTrusted) trust.policy = input.policy;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      input.refusal = error;
    }
  }
  return trust;
}
