// Who else confirms a history, since when, and whether they are enough.
//
// Rule: only keys count that somebody whom the reader trusts stands behind: those of
// the trust file, and those in vouched-for key lists of other organisations. A line by
// a key that is not known means nothing; a bad line by a known one is a finding. By its
// mirror key an organisation says that it holds the history and has verified it; any
// other key is an outside witness's, which says that the history only grew.

/** What the cosignatures of a log's checkpoints come to, the newest of them first. */
async function judgeHeld(checkpoints, report, pool, source) {
  const { origin } = checkpoints[0];
  const keys = pool.holders(parseOrigin(origin).org);
  const all = [];
  for (const { note, size } of checkpoints) {
    const { held, bad } = await openCosignatures(note, keys);
    for (const key of bad) report.add("cosignature", source, { origin, detail: key.name });
    all.push({ size, held });
  }
  const quorum = judgeQuorum(all[0].held, report, source, origin);
  const shown = all[0].held.length ? all[0] : all.find((one) => one.held.length);
  if (!shown) report.add("no-cosignature", source, { origin });
  const named = (shown?.held ?? []).map(({ key, time }) => ({
    name: nameOf(key, report.trust.policy),
    org: orgOf(key),
    time,
    holds: key.name === `${orgOf(key)}/mirror`,
  }));
  return {
    quorum,
    held: named.sort((a, b) => a.time - b.time),
    held_size: shown?.size ?? 0,
    has_unchecked: hasCompanion(checkpoints[0]),
  };
}

function judgeQuorum(held, report, source, origin) {
  const { policy } = report.trust;
  if (!policy || policy.quorum === "none") return "none";
  if (isQuorumMet(policy, held.map((one) => one.key))) return "met";
  report.add("quorum", source, { origin });
  return "not-met";
}

function nameOf(key, policy) {
  const witness = policy?.witnesses.find((one) => one.key.text === key.text);
  return witness?.name ?? key.name;
}
