// The page itself: what is given, when it is judged, where it is shown.

const MAX_TEXT_BYTES = 70_000_000;
const inputs = [];
let judged = null;
let turn = 0;

const byId = (id) => document.getElementById(id);

function start() {
  byId("switch").addEventListener("click", () => {
    language = language === "id" ? "en" : "id";
    show();
  });
  byId("files").addEventListener("change", async (event) => {
    await take([...event.target.files]);
    event.target.value = "";
  });
  byId("check-text").addEventListener("click", takeText);
  byId("fingerprint").addEventListener("input", () => {
    show();
    rejudge();
  });
  listenForDrops();
  show();
  checkBrowser();
}

/** Without Ed25519 nothing can be said, so nothing is: no file is even taken. */
async function checkBrowser() {
  let can = true;
  try {
    const raw = decodeBase64("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
    can = typeof DecompressionStream === "function";
  } catch {
    can = false;
  }
  byId("too-old").hidden = can;
  byId("drop").hidden = !can;
  document.documentElement.dataset.state = can ? "ready" : "too-old";
}

function listenForDrops() {
  const drop = byId("drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (!drop.hidden) take([...event.dataTransfer.files]);
  });
}

async function takeText() {
  const text = byId("text").value;
  if (!text.trim()) return;
  const number = inputs.filter((one) => one.isPasted).length + 1;
  // A text field gives LF for every line end; the last one is easily lost in copying.
  const whole = text.endsWith("\n") ? text : `${text}\n`;
  const file = new File([whole], say("pasted", { number }));
  byId("text").value = "";
  await take([file], true);
}

async function take(files, isPasted = false) {
  for (const file of files) {
    inputs.push({ name: freeName(file.name), file, isPasted, ...(await openFile(file)) });
  }
  await rejudge();
}

/** What a file is, and its bytes where it is a text; or why it could not be read. */
async function openFile(file) {
  try {
    const kind = recognise(new Uint8Array(await readBlob(file.slice(0, 4096))));
    const isSmall = kind !== "bundle" && file.size <= MAX_TEXT_BYTES;
    const bytes = isSmall ? new Uint8Array(await readBlob(file)) : null;
    return { kind: bytes || kind === "bundle" ? kind : "unknown", bytes };
  } catch (error) {
    if (!(error instanceof Unread)) throw error;
    return { kind: "unknown", bytes: null, refusal: error };
  }
}

function freeName(name) {
  const taken = new Set(inputs.map((one) => one.name));
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name} (${number})`;
  return free;
}

/** Judge everything that was given; a newer turn makes an older one void. */
async function rejudge() {
  turn += 1;
  const mine = turn;
  if (!inputs.length) return;
  document.documentElement.dataset.state = "working";
  const typed = parseFingerprints(byId("fingerprint").value) ?? [];
  const copies = inputs.map((one) => ({ ...one }));
  const report = await audit(copies, typed, (done, all) => {
    if (mine !== turn) refuse("void", "a newer turn began");
    showProgress(done, all);
  });
  if (mine !== turn) return;
  judged = { report, copies };
  byId("report").textContent = JSON.stringify(report);
  byId("progress").hidden = true;
  show();
  document.documentElement.dataset.state = "done";
}

function showProgress(done, all) {
  byId("progress").hidden = false;
  byId("progress-bar").max = all;
  byId("progress-bar").value = done;
  const values = { done: sayNumber(done), all: sayNumber(all) };
  byId("progress-said").textContent = say("working_records", values);
}

function show() {
  document.documentElement.lang = language;
  document.title = say("title");
  for (const one of document.querySelectorAll("[data-word]")) {
    one.textContent = say(one.dataset.word);
  }
  showFingerprint();
  showTrusted();
  byId("fingerprint").placeholder = say("trust_example");
  byId("results").replaceChildren(...(judged ? resultCards() : []));
}

function showFingerprint() {
  const { value } = byId("fingerprint");
  const isGood = parseFingerprints(value) !== null;
  const said = byId("fingerprint-said");
  const name = isGood ? "trust_good" : "trust_bad";
  said.textContent = value.trim() ? say(name) : "";
  said.className = `said ${isGood ? "good" : "bad"}`;
}

/** Which trust file is in use: never more than one, never one that nobody chose. */
function showTrusted() {
  const used = inputs.find((one) => one.isTrusted);
  byId("trust-used").hidden = !used;
  byId("trust-used").textContent = used ? say("trust_used", { name: used.name }) : "";
}

function resultCards() {
  const { report, copies } = judged;
  const { verdict } = report.toJSON();
  const isOpen = verdict === "unpinned" && copies.every((one) => standing(report.errorsOf(one.name)) !== "refused");
  const bad = verdict === UNASKED ? "unread" : isOpen ? "unpinned" : "refused";
  const name = verdict === "proved" ? nameProved(report) : bad;
  const again = element("button", { type: "button", class: "button quiet" }, say("start_over"));
  again.addEventListener("click", startOver);
  const save = element("button", { type: "button", class: "button quiet" }, say("save_report"));
  save.addEventListener("click", saveReport);
  return [
    element(
      "div", { class: "overall", "data-kind": verdict },
      element("h2", {}, say(`overall_${name}`)), again,
    ),
    ...copies.map((one) => sourceCard(one, report, { useFingerprint, useTrustFile })),
    limitsCard(report),
    element("p", { class: "note" }, save),
  ];
}

/** Nothing wrong: because all holds, because only some was vouched for, or for nothing. */
function nameProved({ logs, documents }) {
  const all = [...logs, ...documents];
  if (!all.length) return "nothing";
  return all.every((one) => one.pinned !== "no") ? "proved" : "strangers";
}

function useFingerprint(org, text) {
  const typed = parseFingerprints(byId("fingerprint").value) ?? [];
  byId("fingerprint").value = [...typed, `${org}=${text}`].join(", ");
  show();
  rejudge();
}

/** Judge by this trust file and no other; by none without a name. */
function useTrustFile(name) {
  for (const one of inputs) one.isTrusted = one.name === name;
  show();
  rejudge();
}

function startOver() {
  inputs.length = 0;
  judged = null;
  turn += 1;
  byId("report").textContent = "";
  byId("progress").hidden = true;
  show();
  document.documentElement.dataset.state = "ready";
}

function saveReport() {
  const text = JSON.stringify(judged.report, null, 1);
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  element("a", { href: address, download: "report.json" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
