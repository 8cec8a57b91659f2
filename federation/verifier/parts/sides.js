// One history in several files: the same, or two.
//
// Rule: every signed checkpoint is compared with the largest that came with its tiles.
// Equal sizes need equal roots, a smaller one must be how the larger tree begins. A
// file that only shows less is behind: no fault, but said. Whose keys count is one chain,
// a vouched-for one before any other: what a forger has signed accuses nobody else.

async function compareSides(logs, loose, report, pool) {
  const origins = new Set([
    ...logs.map((log) => log.chain.origin),
    ...loose.map(({ checkpoint }) => checkpoint.origin),
  ]);
  for (const origin of origins) {
    const right = pool.longest(origin);
    const ofLog = logs.filter((log) => log.chain.origin === origin);
    const all = [
      ...ofLog.flatMap((log) =>
        log.checkpoints.map((checkpoint) => ({ checkpoint, source: log.source })),
      ),
      ...loose.filter(({ checkpoint }) => checkpoint.origin === origin),
    ];
    const seen = [];
    for (const one of all) if (await isSignedBy(one.checkpoint, right)) seen.push(one);
    const mine = ofLog.filter((log) => isContinued(log.chain, right));
    compareEqual(seen, report);
    if (mine.length) await compareGrown(mine, seen, report);
  }
}

/** Whether a chain's own log key signed the checkpoint. */
async function isSignedBy({ bytes, size }, chain) {
  try {
    await openCheckpoint(bytes, logKey(chain, size));
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function compareEqual(seen, report) {
  const first = new Map();
  for (const { checkpoint, source } of seen) {
    const { origin, size, root } = checkpoint;
    if (!first.has(size)) first.set(size, root);
    else if (!sameBytes(first.get(size), root)) {
      report.add("forked", source, { origin, detail: "checkpoints" });
    }
  }
}

async function compareGrown(logs, seen, report) {
  const largest = logs.reduce((best, log) => (log.checkpoint.size > best.checkpoint.size ? log : best));
  const { origin, size } = largest.checkpoint;
  for (const { checkpoint, source } of seen) {
    if (checkpoint.size > size) {
      report.add("behind", largest.source, { origin, detail: `${size} of ${checkpoint.size}` });
    } else if (checkpoint.size < size && checkpoint.size > 0 && largest.shown) {
      const root = await largest.tiles.rootAt(checkpoint.size, largest.shown);
      if (root && !sameBytes(root, checkpoint.root)) {
        report.add("forked", source, { origin, detail: "checkpoints" });
      }
    }
  }
  for (const log of logs) {
    const mine = log.checkpoint.size;
    if (mine < size) report.add("behind", log.source, { origin, detail: `${mine} of ${size}` });
  }
}
