// A data file opened: the list of its histories, the keys and the newest signed
// checkpoint of each, and what nobody asked for.
//
//     logs   <hex sha256(name of the history)>/checkpoint keys about fork cosigned tile/…
//     v1/…   what the map rests on; receipts/… in an excerpt, which has no `logs`

const MAX_STATUS_BYTES = 1 << 24;
const MAX_CHECKPOINT_BYTES = 1 << 16;
const MAX_KEYS_BYTES = 1 << 20;
const MAX_ABOUT_BYTES = 1 << 18;
const MAX_FORK_BYTES = 1 << 18;
const MAX_COSIGNED_BYTES = 1 << 26;
const MAX_COSIGNED = 1000;
// A leaf of 64 KB in base64, and its keys; a ZIP of a megabyte can hold thousands.
const MAX_EXCERPT_BYTES = 1 << 17;
const MAX_LEAVES = 2 ** 26;
const NO_DIGEST = "0".repeat(64);
const OF_LOG = new Set(["about", "checkpoint", "cosigned", "fork", "keys"]);
const NAMED = new Set([
  ".well-known/tps-federation",
  "v1/elections",
  "logs",
  "verify.html",
  ".nojekyll",
]);
const HEX = /^[0-9a-f]{64}$/;

/** Open a data file; the documents in it, where it is an excerpt. */
async function openBundle(input, report, pool) {
  const archive = await Archive.open(input.file);
  if (!archive.has("logs")) return openExcerpt(input, archive, report);
  const rows = parseStatus(await archive.read("logs", MAX_STATUS_BYTES));
  input.logs = [];
  const sizes = new Map();
  for (const row of rows) {
    const hex = toHex(await sha256(toBytes(row.origin)));
    sizes.set(hex, Number.MAX_SAFE_INTEGER);
    const log = await openLog(input.name, archive, hex, row, report, pool);
    if (!log) continue;
    sizes.set(hex, log.checkpoint.size);
    input.logs.push(log);
  }
  const names = archive.names();
  for (const name of names) {
    if (!isAsked(name, sizes)) report.add("extra-file", input.name, { detail: name });
  }
  if (names.some((name) => name.startsWith("v1/maps/"))) report.add("no-map", input.name);
  return [];
}

/** Every file of an excerpt is a document of its own. */
async function openExcerpt(input, archive, report) {
  const found = [];
  let isWhole = true;
  let hasReceipts = false;
  for (const path of archive.names()) {
    const last = path.slice(path.lastIndexOf("/") + 1);
    const isReceipt = path.startsWith("receipts/");
    if (!isReceipt && last !== "checkpoint" && last !== "keys") {
      isWhole &&= !path.includes("/tile/");
      if (last !== "about") report.add("extra-file", input.name, { detail: path });
      continue;
    }
    hasReceipts ||= isReceipt;
    const document = { name: `${input.name}:${path}`, kind: "unknown" };
    await guarded(report, document, async () => {
      document.bytes = await archive.read(path, MAX_EXCERPT_BYTES);
      document.kind = recognise(document.bytes.subarray(0, 4096));
      if (!(document.kind in JUDGES)) refuse("format", "nothing that this page knows");
    });
    found.push(document);
  }
  if (!found.length) refuse("format", "a ZIP that is no data file", "missing");
  // Nobody looks at records that no list names, and without records and receipts there
  // is nothing to look at: neither is to be taken for proved.
  if (!isWhole || !hasReceipts) report.add("missing", input.name, { detail: "logs" });
  input.isExcerpt = true;
  return found;
}

/** The rows of the list of histories; nothing in it is verified. */
function parseStatus(bytes) {
  const text = toText(bytes);
  let value = null;
  try {
    value = JSON.parse(text);
  } catch {
    refuse("format", "not a list of histories");
  }
  const rows = Array.isArray(value?.logs) ? value.logs : [];
  const names = ["about", "checkpoint", "keys", "origin"];
  const isRow = (row) =>
    names.every((name) => typeof row?.[name] === "string") &&
    HEX.test(row.about) &&
    HEX.test(row.keys);
  const isSorted = rows.every((row, at) => at === 0 || rows[at - 1].origin < row.origin);
  if (!rows.every(isRow) || !isSorted) refuse("format", "not a list of histories");
  const logs = rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]])));
  if (JSON.stringify({ logs }) !== text) refuse("format", "a list that is not canonical");
  return rows;
}

/** A history of the list; null, and findings, where it stays shut. */
async function openLog(source, archive, hex, row, report, pool) {
  const { origin } = row;
  const need = async (work) => {
    try {
      return await work();
    } catch (error) {
      report.refuse(error, source, { origin });
      return null;
    }
  };
  const chain = await need(() => openKeys(source, archive, hex, row, report, pool));
  await need(() => compareAbout(archive, hex, row));
  const own = await need(() => archive.read(`${hex}/checkpoint`, MAX_CHECKPOINT_BYTES));
  if (!chain) return null;
  const checkpoints = [];
  for (const bytes of [own, toBytes(row.checkpoint)]) {
    const opened = bytes && (await need(() => openBounded(bytes, chain)));
    if (opened) checkpoints.push(opened);
  }
  if (!checkpoints.length) return null;
  for (const bytes of (await need(() => readCosigned(archive, hex))) ?? []) {
    const opened = await need(() => openBounded(bytes, chain));
    if (opened) checkpoints.push(opened);
  }
  await need(() => readFork(source, archive, hex, chain, report));
  return new LogAudit({ source, archive, hex, chain, checkpoints, report });
}

async function openKeys(source, archive, hex, row, report, pool) {
  const bytes = await archive.read(`${hex}/keys`, MAX_KEYS_BYTES);
  const chain = await pool.add(decodeNotes(bytes, MAX_STATEMENTS), source);
  if (chain.origin !== row.origin) refuse("signature", `the keys of ${chain.origin}`, "keys");
  if (toHex(await sha256(bytes)) !== row.keys) {
    const detail = "not the keys that the list names";
    report.add("keys", source, { origin: row.origin, detail });
  }
  return chain;
}

async function compareAbout(archive, hex, row) {
  if (row.about === NO_DIGEST) return;
  const about = await archive.read(`${hex}/about`, MAX_ABOUT_BYTES);
  if (toHex(await sha256(about)) !== row.about) {
    refuse("format", "not the about note that the list names", "damaged");
  }
}

async function openBounded(bytes, chain) {
  const { size, origin } = readCheckpoint(bytes);
  if (size > MAX_LEAVES || origin !== chain.origin) {
    refuse("signature", "a checkpoint of another history, or too large", "checkpoint");
  }
  return openSigned(bytes, chain, size);
}

async function readCosigned(archive, hex) {
  if (!archive.has(`${hex}/cosigned`)) return [];
  return decodeNotes(await archive.read(`${hex}/cosigned`, MAX_COSIGNED_BYTES), MAX_COSIGNED);
}

async function readFork(source, archive, hex, chain, report) {
  if (!archive.has(`${hex}/fork`)) return;
  const bytes = await archive.read(`${hex}/fork`, MAX_FORK_BYTES);
  if (startsWith(bytes, `${KEY_EVIDENCE_HEADER}\n`)) {
    await checkKeyEvidence(parseKeyEvidence(bytes), chain);
  } else {
    await checkEvidence(parseEvidence(bytes), [(size) => logKey(chain, size)]);
  }
  report.add("forked", source, { origin: chain.origin });
}

/** Whether anything names this file. `sizes`: of the listed histories, by hex. */
function isAsked(name, sizes) {
  const [hex] = name.split("/", 1);
  if (!HEX.test(hex)) return NAMED.has(name) || /^(?:v1\/maps|v1\/basis|receipts)\//.test(name);
  const rest = name.slice(65);
  if (!sizes.has(hex)) return false;
  if (OF_LOG.has(rest)) return true;
  const tile = parseTilePath(rest);
  if (!tile) return false;
  const reach = Math.floor(sizes.get(hex) / 2 ** (8 * Math.max(0, tile.level)));
  return tile.index * WIDTH + tile.width <= reach;
}
