// A record in words.

const TIMES = ["recorded_at", "observed_at", "happened_at", "known_at", "reported_at", "expires_at"];
const SHOWN_AS_WRITTEN = ["successor", "sha256", "answers", "id", "agency", "dossier", "again", "also_by"];

function describe(statement) {
  const name = `type_${statement.type.split("/")[0]}`;
  const heading = (RECORDS.has(statement.type) ? say(name) : null) ?? say("type_unknown");
  const made = [element("h3", {}, heading), factList(statement)];
  if (statement.candidates) made.push(votesTable("vote_number", statement.candidates));
  if (statement.parties) made.push(votesTable("vote_party", totalsOf(statement.parties)));
  if (statement.figures) {
    const rows = Object.entries(statement.figures);
    made.push(element("details", {}, element("summary", {}, say("figures")), table(null, rows)));
  }
  return made;
}

function factList(statement) {
  const list = element("dl", { class: "facts" });
  const add = (name, value) => {
    if (value === undefined || value === null) return;
    list.append(element("dt", {}, say(`fact_${name}`)), element("dd", {}, String(value)));
  };
  add("org", statement.org);
  add("tps", statement.tps && sayStation(statement.tps));
  add("region", statement.region);
  add("incident", sayIncident(statement.incident));
  add("duplicate_of", sayIncident(statement.duplicate_of));
  add("contest", statement.contest && (say(`contest_${statement.contest}`) ?? statement.contest));
  add("election", statement.election);
  add("round", statement.round && (say(`round_${statement.round}`) ?? statement.round));
  for (const name of data.worded) {
    add(name, statement[name] && say(`${name}_${statement[name]}`));
  }
  for (const name of TIMES) {
    add(name, statement[name] && sayTime(Date.parse(statement[name]) / 1000));
  }
  for (const name of [...data.texts, ...SHOWN_AS_WRITTEN]) add(name, statement[name]);
  add("evidence", statement.evidence?.length);
  return list;
}

/** An incident as people write it. */
function sayIncident(incident) {
  return incident && `${incident.org}/${incident.id}`;
}

/** The code in the groups that people read: region by region, then the station. */
function sayStation(code) {
  const groups = [code.slice(0, 2), code.slice(2, 4), code.slice(4, 6), code.slice(6, 10)];
  return `${groups.join(".")} · TPS ${code.slice(10)}`;
}

function totalsOf(parties) {
  const sum = (part) => Object.values(part.caleg ?? {}).reduce((a, b) => a + b, part.partai ?? 0);
  return Object.fromEntries(
    Object.entries(parties).map(([number, part]) => [number, part.jumlah ?? sum(part)]),
  );
}

function votesTable(heading, votes) {
  const rows = Object.entries(votes).sort(
    ([a], [b]) => a.length - b.length || (a < b ? -1 : 1),
  );
  return table([say(heading), say("votes")], rows);
}

function table(heads, rows) {
  const body = rows.map(([name, value]) =>
    element(
      "tr", {},
      element("td", {}, name),
      element("td", { class: "num" }, sayNumber(value)),
    ),
  );
  const head = heads && element(
    "thead", {},
    element(
      "tr", {},
      element("th", { scope: "col" }, heads[0]),
      element("th", { scope: "col", class: "num" }, heads[1]),
    ),
  );
  return element("table", {}, head, element("tbody", {}, ...body));
}
