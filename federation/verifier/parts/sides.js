// One history in several files: the same, or two.
//
// Rule: every signed checkpoint is compared with the largest that came with its tiles.
// Equal sizes need equal roots, a smaller one must be how the larger tree begins. A
// file that only shows less is behind: no fault, but said.

async function compareSides(logs, loose, report) {
  const origins = new Set([
    ...logs.map((log) => log.chain.origin),
    ...loose.map(({ checkpoint }) => checkpoint.origin),
  ]);
  for (const origin of origins) {
    const mine = logs.filter((log) => log.chain.origin === origin);
    const seen = [
      ...mine.flatMap((log) =>
        log.checkpoints.map((checkpoint) => ({ checkpoint, source: log.source })),
      ),
      ...loose.filter(({ checkpoint }) => checkpoint.origin === origin),
    ];
    compareEqual(seen, report);
    if (mine.length) await compareGrown(mine, seen, report);
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
