// The single byte form of a statement, and the bounds of its members.
//
// Rule: read, written again and compared: white space, order, a member twice, escapes,
// `-0`, `1.0`, floats, booleans and null are all refused by that one comparison and
// the look at each value. The bounds of every type are its JSON Schema, made from the
// same definitions that the node uses.

const FORBIDDEN = new RegExp(`[${data.forbidden}]`, "u");
const MAX_DEPTH = 16;

/** The members of a canonical line, which has no line feed. */
function parseCanonical(line) {
  const text = toText(line);
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    refuse("format", "not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    refuse("format", "not a JSON object");
  }
  if (formatCanonical(value, 0) !== text || FORBIDDEN.test(text)) {
    refuse("format", "not canonical JSON");
  }
  return value;
}

function formatCanonical(value, depth) {
  if (depth >= MAX_DEPTH) refuse("format", "nested too deep");
  if (typeof value === "string") {
    if (FORBIDDEN.test(value)) refuse("format", "a code point that is not allowed");
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || value < 0) {
      refuse("format", "not a whole number from 0 to 2^53 - 1");
    }
    return String(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((one) => formatCanonical(one, depth + 1)).join(",")}]`;
  }
  if (typeof value !== "object" || value === null) {
    refuse("format", "a boolean or null");
  }
  const members = Object.keys(value)
    .sort()
    .map((name) => {
      if (/[^\x00-\x7f]/.test(name)) refuse("format", "a member name not in ASCII");
      const inner = formatCanonical(value[name], depth + 1);
      return `${JSON.stringify(name)}:${inner}`;
    });
  return `{${members.join(",")}}`;
}

const patterns = new Map();

function fits(pattern, text) {
  if (!patterns.has(pattern)) patterns.set(pattern, new RegExp(pattern, "u"));
  return patterns.get(pattern).test(text);
}

/** Refuse a value outside its schema: the words of JSON Schema that ours use. */
function checkSchema(value, schema, at) {
  const rule = schema.$ref ? data.schemas[schema.$ref.split("/").pop()] : schema;
  const bad = (why) => refuse("record", `${at || "the record"}: ${why}`);
  if (rule.enum && !rule.enum.includes(value)) bad("not one of the words allowed");
  if (rule.type === "string" || typeof value === "string") checkString(value, rule, bad);
  if (rule.type === "integer") checkInteger(value, rule, bad);
  if (rule.type === "array") checkArray(value, rule, at, bad);
  if (rule.type === "object") checkObject(value, rule, at, bad);
}

function checkString(value, rule, bad) {
  if (typeof value !== "string") bad("not text");
  const length = [...value].length;
  if (length < (rule.minLength ?? 0) || length > (rule.maxLength ?? Infinity)) {
    bad("too short or too long");
  }
  if (rule.pattern && !fits(rule.pattern, value)) bad("not in its form");
}

function checkInteger(value, rule, bad) {
  if (typeof value !== "number") bad("not a number");
  if (value < (rule.minimum ?? 0) || value > (rule.maximum ?? Infinity)) {
    bad("too small or too large");
  }
}

function checkArray(value, rule, at, bad) {
  if (!Array.isArray(value)) bad("not a list");
  if (value.length < (rule.minItems ?? 0) || value.length > (rule.maxItems ?? Infinity)) {
    bad("too few or too many");
  }
  value.forEach((one, number) => checkSchema(one, rule.items, `${at}.${number}`));
}

function checkObject(value, rule, at, bad) {
  if (typeof value !== "object" || Array.isArray(value)) bad("not an object");
  const names = Object.keys(value);
  for (const name of rule.required ?? []) {
    if (!Object.hasOwn(value, name)) bad(`${name} is missing`);
  }
  if (
    names.length < (rule.minProperties ?? 0) ||
    names.length > (rule.maxProperties ?? Infinity)
  ) {
    bad("too few or too many members");
  }
  for (const name of names) {
    const known = rule.properties && Object.hasOwn(rule.properties, name);
    const other = rule.additionalProperties;
    if (rule.propertyNames) checkSchema(name, rule.propertyNames, `${at}.${name}`);
    if (known) checkSchema(value[name], rule.properties[name], `${at}.${name}`);
    else if (other === false) bad(`${name} is not known`);
    else if (typeof other === "object") checkSchema(value[name], other, `${at}.${name}`);
  }
}
