// One record: a canonical line and its signature, in its place in a log.
//
// Rule: it must name the log's organisation and election, be signed by exactly one key
// that is valid at its position, and keep the rules of its type. A well-formed record
// of a type that this page does not know is good as far as it can be read.

const PARTY_CONTESTS = new Set(["pdpr", "pdprdk", "pdprdp"]);
const TYPES = new Map([
  ["tps-result/1", "TpsResult"],
  ["withdrawal/1", "Withdrawal"],
  ["key-statement/1", "KeyStatement"],
  ["log-closed/1", "LogClosed"],
]);

/** The statement that a line says, by the rules of its type. */
async function parseStatement(line) {
  const members = parseCanonical(line);
  const type = TYPES.get(members.type);
  if (!type) {
    checkSchema(members, data.schemas.Common, "");
    return { ...members, isUnknown: true };
  }
  checkSchema(members, data.schemas[type], "");
  if (type === "TpsResult") checkResult(members);
  if (type === "KeyStatement") await checkKeyStatement(members);
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
  for (const part of Object.values(result.parties ?? {})) {
    if (!Object.keys(part).length) refuse("record", "a party without any number");
  }
}

function checkLog(statement, chain) {
  if (statement.org !== chain.org || statement.election !== chain.election) {
    refuse("foreign", "of another organisation or election");
  }
  const { type } = statement;
  if ((type === "tps-result/1" || type === "withdrawal/1") && !chain.isPublic) {
    refuse("foreign", "belongs in the public history");
  }
  if (type !== "key-statement/1" && type !== "log-closed/1") return;
  if (statement.origin !== chain.origin) refuse("foreign", "of another history");
  const { successor } = statement;
  if (type === "log-closed/1" && successor && originBefore(successor) !== chain.origin) {
    refuse("record", "not the next one after this history");
  }
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
  if (statement.type === "key-statement/1") {
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
  if (!isKept) refuse("revoked", `${line.name} is not valid at this position`);
  if (!(await verify(range.key, note.text, line.payload))) {
    refuse("signature", `a bad signature by ${line.name}`);
  }
  return { statement, record };
}
