// What was proved of one file, and what was not, as a card.

const MAX_FOLDED = 200;
const MAX_NAMES = 12;

/**
 * proved, unpinned, unread or refused: by the errors that were found in it, and by whether
 * somebody vouches for anything of what it holds.
 */
function standing(errors, held = []) {
  const isStrange = held.length > 0 && held.every((one) => one.pinned === "no");
  if (!errors.length) return isStrange ? "unpinned" : "proved";
  if (errors.every((one) => one.kind === UNASKED)) return "unread";
  return errors.every((one) => one.kind === "unpinned") ? "unpinned" : "refused";
}

function sourceCard(input, report, { useFingerprint, useTrustFile }) {
  const errors = report.errorsOf(input.name);
  const mine = (list) => list.filter((one) => isOf(input.name, one));
  const state = standing(errors, [...mine(report.logs), ...mine(report.documents)]);
  const kinds = [...new Set(errors.map((one) => one.kind))].join(" ");
  if (input.kind === "photo") return photoCard(input, report);
  if (input.policy) return trustCard(input, useTrustFile);
  const card = element("article", { class: `card ${state}`, "data-kind": kinds || "proved" });
  card.append(...headLines(input, `badge_${state}`));
  const [findings, documents] = [mine(report.findings), mine(report.documents)];
  if (state === "refused" || state === "unread") card.append(...findingLines(findings, "error"));
  for (const log of mine(report.logs)) {
    const isStrange = state === "proved" && log.pinned === "no";
    card.append(...logLines(log, isStrange ? "unpinned" : state));
  }
  if (input.isExcerpt) card.append(...excerptLines(documents, report));
  else for (const one of documents) card.append(...documentLines(one, state));
  if (state === "unpinned") card.append(...findingLines(findings, "error"));
  const isStranger = ({ kind }) => kind === "stranger";
  card.append(...findingLines(findings.filter(isStranger), "note"));
  for (const one of uniqueKeys([...mine(report.logs), ...documents])) {
    card.append(...keyLines(one, state, report, useFingerprint));
  }
  card.append(...findingLines(findings.filter((found) => !isStranger(found)), "note"));
  return card;
}

/** How many receipts of an excerpt hold, and each of them folded away. */
function excerptLines(documents, report) {
  // The receipt of the keys proves the others; it is no record of a polling station.
  const isKeys = ({ statement }) => statement && RECORDS.get(JSON.parse(statement).type)?.isInKeyChain;
  const receipts = documents.filter((one) => one.kind === "receipt" && !isKeys(one));
  const stateOf = (one) => standing(report.errorsOf(one.source), [one]);
  const isGood = (one) => stateOf(one) === "proved";
  const values = {
    proved: sayNumber(receipts.filter(isGood).length),
    all: sayNumber(receipts.length),
  };
  const folded = receipts.slice(0, MAX_FOLDED).map((one) => {
    const state = stateOf(one);
    const heading = element("summary", {}, `${say(`badge_${state}`)}: ${titleOf(one)}`);
    return element("details", { class: state }, heading, ...documentLines(one, state));
  });
  return [element("p", { class: "say" }, say("said_excerpt", values)), ...folded];
}

/** What a receipt of an excerpt is about; where it lies, as long as that is not known. */
function titleOf(document) {
  const { tps, contest } = document.statement ? JSON.parse(document.statement) : {};
  if (!tps) return document.source.slice(document.source.indexOf(":") + 1);
  return `${sayStation(tps)} · ${say(`contest_${contest}`) ?? contest} · ${document.org}`;
}

function headLines(input, badge) {
  return [
    element("span", { class: "file", title: input.name }, input.name),
    element("span", { class: "badge" }, say(badge)),
  ];
}

/**
 * A trust file: whom it names, and whether it is in use. Whoever made it decides whose
 * signatures count, so it counts itself only after the reader has said where it is from.
 */
function trustCard(input, useTrustFile) {
  const { isTrusted, name, policy } = input;
  const [orgs, holders] = [policy.logs.map(({ key }) => orgOf(key)), policy.witnesses];
  const values = {
    orgs: listNames(orgs),
    holders: listNames(holders.map(({ key }) => orgOf(key))),
  };
  const word = isTrusted ? "trust_drop" : "trust_use";
  const button = element("button", { type: "button", class: isTrusted ? "button quiet" : "button" }, say(word));
  button.addEventListener("click", () => useTrustFile(isTrusted ? null : name));
  const state = isTrusted ? "used" : "waiting";
  return element(
    "article", { class: `card trust ${state}`, "data-kind": state },
    ...headLines(input, isTrusted ? "badge_trust" : "badge_trust_waiting"),
    element("p", { class: "say" }, say(isTrusted ? "said_trust" : "said_trust_waiting")),
    element("p", {}, say("trust_orgs", values)),
    holders.length ? element("p", {}, say("trust_holders", values)) : null,
    isTrusted ? null : element("p", { class: "hint" }, say("trust_warning")),
    element("p", {}, button),
  );
}

/** Each name once; of many, how many more there are. */
function listNames(names) {
  const all = [...new Set(names)];
  const shown = all.slice(0, MAX_NAMES).join(", ");
  if (!all.length) return say("nobody");
  const count = sayNumber(all.length - MAX_NAMES);
  return all.length > MAX_NAMES ? say("names_more", { names: shown, count }) : shown;
}

function documentLines(one, state) {
  const values = {
    org: one.org,
    index: one.index === null ? "" : sayNumber(one.index),
    size: sayNumber(one.size ?? 0),
    versions: one.versions ?? 0,
  };
  const lines = [];
  if (one.holds && state !== "refused") {
    const name = state === "unpinned" ? "claimed_by" : `said_${one.kind}`;
    lines.push(element("p", { class: "say" }, say(name, values)));
    if (state === "proved") lines.push(...heldLines(one));
  } else if (one.kind === "evidence" && one.holds) {
    // Whoever keeps keys in somebody's name can sign twice with them, to accuse.
    const isClaim = one.fingerprint && one.pinned === "no";
    const name = isClaim ? "claimed_evidence" : "said_evidence";
    lines.push(element("p", { class: "say" }, say(name, values)));
  }
  if (one.statement) lines.push(...describe(JSON.parse(one.statement)));
  return lines;
}

function logLines(log, state) {
  const values = {
    org: log.org,
    records: sayNumber(log.records),
    size: sayNumber(log.size),
  };
  const name = { refused: "said_log_refused", unpinned: "said_log_claimed" }[state] ?? "said_log";
  const line = element("p", { class: "say" }, say(name, values));
  return [line, ...(state === "proved" ? heldLines(log) : [])];
}

function heldLines(one) {
  const made = [];
  const [holders, witnesses] = [true, false].map((holds) => one.held.filter((held) => held.holds === holds));
  if (holders.length) {
    made.push(say(holders.length === 1 ? "held_one" : "held_many", sayHeld(holders)));
  }
  if (witnesses.length) made.push(say("witnessed", sayHeld(witnesses)));
  if (one.quorum === "met") made.push(say("quorum_met"));
  if (one.has_unchecked) made.push(say("has_unchecked"));
  return made.map((line) => element("p", {}, line));
}

/** How many there are, who, and the time by which all of them had said so. */
function sayHeld(held) {
  return {
    count: sayNumber(held.length),
    time: sayTime(Math.max(...held.map(({ time }) => time))),
    names: held.map(({ holds, org, name }) => (holds ? org : name)).join(", "),
  };
}

/** Each key chain once, however many documents rest on it. */
function uniqueKeys(list) {
  const found = new Map();
  for (const one of list) {
    if (one.fingerprint || one.pinned !== "no") found.set(`${one.org} ${one.fingerprint} ${one.pinned}`, one);
  }
  return found.values();
}

function keyLines(one, state, report, useFingerprint) {
  const { org, pinned } = one;
  if (pinned !== "no") {
    const isNamed = report.trust.owners.get(one.fingerprint) === org;
    const name = pinned === "fingerprint" && !isNamed ? "pinned_bare" : `pinned_${pinned}`;
    return [element("p", { class: name === "pinned_bare" ? "warning" : "note" }, say(name, { org }))];
  }
  // Nobody should be led to trust the key behind something that does not hold.
  if (state === "refused") return [];
  const button = element("button", { type: "button", class: "button quiet" }, say("use_fingerprint"));
  button.addEventListener("click", () => useFingerprint(org, one.fingerprint));
  return [
    element("h3", {}, say("fingerprint")),
    element("code", { class: "print" }, one.fingerprint),
    element("p", { class: "hint" }, say("compare", { org })),
    element("p", {}, button),
  ];
}

/** One line for each kind that was found, with the positions of the first few. */
function findingLines(findings, level) {
  const byKind = new Map();
  for (const one of findings) {
    if (one.level !== level) continue;
    byKind.set(one.kind, [...(byKind.get(one.kind) ?? []), one]);
  }
  return [...byKind].map(([kind, all]) => {
    const places = all.filter((one) => one.index !== null).slice(0, 5);
    const where = places.map((one) => say("at_index", { index: sayNumber(one.index) }));
    if (all.length > 5) where.push(say("more", { count: sayNumber(all.length - 5) }));
    const more = where.length ? element("small", {}, where.join(", ")) : null;
    const style = level === "error" ? "finding" : kind === "stranger" ? "warning" : "note";
    const names = { orgs: listNames(all.map((one) => one.origin.split("/")[0])) };
    // What its owner says of it is told with it, as its owner wrote it.
    const told = all.filter((one) => one.apart).map(({ apart: { count, reason } }) =>
      element("span", {}, ` ${say("set_apart_detail", { count: sayNumber(count), reason })}`));
    return element("p", { class: style, "data-kind": kind }, say(`kind-${kind}`, names), ...told, more);
  });
}

function limitsCard(report) {
  const lines = report.toJSON().not_proved.map((code) => element("li", {}, say(`not_${code}`)));
  return element(
    "section", { class: "limits" },
    element("h2", {}, say("not_proved")),
    element("ul", {}, ...lines),
  );
}
