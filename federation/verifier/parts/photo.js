// Is this the photo? Which of the records that hold name exactly this file, and which
// one that looks so. The photo stays in this browser: the page can send nothing.
//
// Rule: as flows/audit/mentions.py. A name is a SHA-256 and proves that this file was
// meant; a likeness is what a record says, and proves nothing.

const MAX_MENTIONS = 1000;
const PHOTO_BEGINNINGS = [
  (head) => toHex(head.subarray(0, 3)) === "ffd8ff",
  (head) => toHex(head.subarray(0, 8)) === "89504e470d0a1a0a",
  (head) => startsWith(head, "RIFF") && startsWith(head.subarray(8), "WEBP"),
  (head) => startsWith(head.subarray(4), "ftyp"),
];

function isPhoto(head) {
  return PHOTO_BEGINNINGS.some((begins) => begins(head));
}

/** Photos that were given, by their bytes and as far as known by their looks. */
async function readPhotos(inputs) {
  const photos = [];
  for (const { name, kind, bytes } of inputs) {
    if (kind !== "photo") continue;
    const photo = { name, sha256: toHex(await sha256(bytes)), bits: null, why: "", found: [] };
    try {
      photo.bits = await likenessOf(new Blob([bytes]));
    } catch {
      photo.why = "unseen";
    }
    photos.push(photo);
  }
  return photos.length ? new PhotoSearch(photos) : null;
}

class PhotoSearch {
  constructor(photos) {
    this.photos = photos;
    this.seen = new Set();
  }

  /** Look at a record that holds: what it says, and its line. */
  async take(source, origin, index, statement, line) {
    for (const file of statement.evidence ?? []) {
      for (const photo of this.photos) {
        const bits = this.bitsTo(photo, file);
        if (bits === null || photo.found.length === MAX_MENTIONS) continue;
        const record = toHex(await sha256(line));
        const key = JSON.stringify([photo.name, origin, record, file.sha256]);
        if (this.seen.has(key)) continue;
        this.seen.add(key);
        const { org, election, contest, tps, round } = statement;
        const said = { source, origin, org, index, record, election, contest, tps, round };
        photo.found.push({ ...said, sha256: file.sha256, bits: bits < 0 ? null : bits });
      }
    }
  }

  /** How far away a photo is that a record names; -1: it is this one; null: too far. */
  bitsTo(photo, file) {
    if (file.sha256 === photo.sha256) return -1;
    if (!photo.bits || !file.likeness) return null;
    const bits = bitsApart(photo.bits, parseLikeness(file.likeness));
    return bits <= LIKE ? bits : null;
  }

  toJSON() {
    return this.photos.map(({ name, sha256: digest, bits, found, why }) => ({
      name, sha256: digest, likeness: formatLikeness(bits), ...sortMentions(found), why,
    }));
  }
}

function sortMentions(found) {
  const key = (one) => [one.tps, one.org, one.record].join(" ");
  const all = found.toSorted((a, b) => (a.bits ?? 0) - (b.bits ?? 0) || (key(a) < key(b) ? -1 : 1));
  return { named: all.filter((one) => one.bits === null), like: all.filter((one) => one.bits !== null) };
}

function photoCard(input, report) {
  const photo = report.photos.toJSON().find((one) => one.name === input.name);
  const { named, like, why } = photo;
  const state = named.length ? "named" : like.length ? "like" : "unknown";
  const style = { named: "proved", like: "unpinned", unknown: "waiting" }[state];
  const lines = [...named.map((one) => mentionLine("photo_named", one)), ...like.map((one) => mentionLine("photo_like", one))];
  return element(
    "article", { class: `card ${style}`, "data-kind": state },
    ...headLines(input, `badge_photo_${state}`),
    element("p", { class: "hint" }, element("code", {}, `SHA-256 ${photo.sha256}`)),
    named.length ? null : element("p", {}, say(like.length ? "photo_unnamed" : "photo_unknown")),
    ...lines.slice(0, MAX_FOLDED),
    why ? element("p", { class: "hint" }, say("photo_unseen")) : null,
    element("p", { class: "note" }, say("photo_proves")),
    element("p", { class: "note" }, say("photo_like_proves")),
    element("p", { class: "note" }, say("photo_stays")),
  );
}

function mentionLine(name, { org, tps, contest, record, bits }) {
  const words = say(`contest_${contest}`) ?? contest;
  const values = { org, tps: sayStation(tps), contest: words, bits: sayNumber(bits ?? 0) };
  return element("p", { class: "say" }, say(name, values), " ", element("code", { title: record }, record.slice(0, 12)));
}
