// One record: a canonical line and its signature, in its place in a log.
//
// Rule: it must name the log's organisation and election, be signed by exactly one key
// that is valid at its position, and keep the rules of its type. A well-formed record
// of a type that this page does not know is good as far as it can be read.

const PARTY_CONTESTS = new Set(["pdpr", "pdprdk", "pdprdp"]);
// How long the code of a region is within which the candidates are the same.
const RACE_LEVELS = { pdpd: 2, pkwkp: 2, pkwkk: 4 };
const RECORDS = new Map(Object.entries(data.records));
// What a schema cannot say of a type: of the record alone, and in its log.
const RULES = new Map([
  ["tps-result/1", checkResult],
  ["recap/1", checkRecap],
  ["incident/1", checkIncident],
  ["incident-status/1", checkIncidentStatus],
  ["referral/1", checkReferral],
  ["key-statement/1", checkKeyStatement],
]);
const RULES_IN_LOG = new Map([["log-closed/1", checkSuccessor]]);

/** The statement that a line says, by the rules of its type. */
async function parseStatement(line) {
  const members = parseCanonical(line);
  const kind = RECORDS.get(members.type);
  if (!kind) {
    checkSchema(members, data.schemas.Common, "");
    return { ...members, isUnknown: true };
  }
  checkSchema(members, data.schemas[kind.schema], "");
  await RULES.get(members.type)?.(members);
  return members;
}

function checkResult(result) {
  const says = ["candidates", "evidence", "figures", "parties"];
  if (!says.some((name) => Object.hasOwn(result, name))) {
    refuse("record", "needs candidates, parties, figures or evidence");
  }
  const isOfParties = PARTY_CONTESTS.has(result.contest);
  if (result[isOfParties ? "candidates" : "parties"]) {
    refuse("record", "votes in the form of another contest");
  }
}

function checkRecap({ contest, region, candidates, parties, stations }) {
  const isOfParties = PARTY_CONTESTS.has(contest);
  if (isOfParties ? candidates : parties) refuse("record", "votes in the form of another contest");
  if (!(isOfParties ? parties : candidates)) refuse("record", "says no votes");
  const length = region === "0" ? 0 : region.length;
  if (length < (RACE_LEVELS[contest] ?? 0)) {
    refuse("record", "a region of several races of this contest");
  }
  if (stations && stations.counted > stations.total) {
    refuse("record", "more stations counted than there are");
  }
}

function checkIncident({ region, tps }) {
  if ((region === undefined) === (tps === undefined)) {
    refuse("record", "needs either region or tps");
  }
}

function checkIncidentStatus({ status, duplicate_of }) {
  const isOfPair = ["duplicate", "not_duplicate"].includes(status);
  if (isOfPair === (duplicate_of === undefined)) {
    refuse("record", "duplicate_of stands with duplicate and not_duplicate, and only there");
  }
}

function checkReferral({ stage, expires_at }) {
  if ((stage === "intended") === (expires_at === undefined)) {
    refuse("record", "expires_at stands with intended, and only there");
  }
}

function checkSuccessor({ origin, successor }) {
  if (successor && originBefore(successor) !== origin) {
    refuse("record", "not the next one after this history");
  }
}

function checkLog(statement, chain) {
  if (statement.org !== chain.org || statement.election !== chain.election) {
    refuse("foreign", "of another organisation or election");
  }
  const kind = RECORDS.get(statement.type);
  if (!kind) return;
  if (!kind.logs.includes(chain.isPublic ? "public" : "incidents")) {
    refuse("foreign", `belongs in the ${kind.logs.join(" or ")} history`);
  }
  if (kind.namesLog && statement.origin !== chain.origin) refuse("foreign", "of another history");
  RULES_IN_LOG.get(statement.type)?.(statement);
}

/** What a record is called that does not hold, though it stands where it was signed for. */
function kindOfLeaf(error) {
  if (!(error instanceof Refusal)) throw error;
  return ["foreign", "keys", "revoked"].includes(error.sort) ? error.sort : "bad-record";
}

/** The record at a position of the chain's log; `index` null: nobody knows where. */
async function openLeaf(leaf, chain, index) {
  const note = parseNote(leaf, MAX_LEAF_BYTES);
  const statement = await parseStatement(note.text.subarray(0, -1));
  checkLog(statement, chain);
  const record = toHex(await sha256(note.text));
  if (RECORDS.get(statement.type)?.isInKeyChain) {
    if (!chain.texts.has(encodeBase64(leaf))) {
      refuse("keys", "a key statement that is not among the keys");
    }
    return { statement, record };
  }
  if (note.signatures.length !== 1) refuse("signature", "a record has exactly one signature");
  const [line] = note.signatures;
  const range = chain.ranges.find(
    (one) => one.role === "records" && one.key.name === line.name && one.key.id === line.id,
  );
  if (!range) refuse("signature", `${line.name} is not a key of this history`);
  const isKept = index === null ? range.end === Infinity : range.start <= index && index < range.end;
  const isSetApart = index !== null && index >= range.end;
  if (!isKept && !isSetApart) refuse("revoked", `${line.name} is not valid at this position`);
  if (!(await verify(range.key, note.text, line.payload))) {
    refuse("signature", `a bad signature by ${line.name}`);
  }
  if (isSetApart) throw new SetApart(range.reason);
  return { statement, record };
}
