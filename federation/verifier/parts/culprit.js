// What happened to a bundle that does not hold the signed records, by name.
//
// Rule: what was signed is known, hash by hash; what is here is compared with it in a
// window of three bundles, because a record that was taken out or put in moves all
// that follow.
//
//     altered      what stands at i is nowhere signed for, and what was is not here
//     dropped      what was signed at i is not here, and nothing stands for it
//     duplicated   what was signed once, at i, is here more than once
//     swapped      what was signed at i stands at j, and the other way round
//     cut-off      the bytes end within record i

/** The hashes of the records in a bundle, however many there are. */
async function readLoosely(bytes) {
  const leaves = [];
  let at = 0;
  let isCut = !bytes.length;
  while (at < bytes.length) {
    const end = at + 2 + ((bytes[at] << 8) | bytes[at + 1]);
    isCut = at + 2 > bytes.length || end > bytes.length;
    if (isCut) break;
    leaves.push(bytes.slice(at + 2, end));
    at = end;
  }
  return { hashes: (await Promise.all(leaves.map(hashLeaf))).map(toHex), isCut };
}

/**
 * What happened to one bundle. `signed`, `here`: hashes in hex by index, of three
 * bundles; `start`, `signedEnd`, `hereEnd`: where the one in question lies.
 */
function nameCulprits({ signed, here, start, signedEnd, hereEnd, isCut }) {
  const atIndex = new Map();
  for (const [index, hash] of signed) if (!atIndex.has(hash)) atIndex.set(hash, index);
  const present = new Set(here.values());
  const range = (end) => Array.from({ length: end - start }, (_, at) => start + at);
  let lost = range(signedEnd).filter((index) => !present.has(signed.get(index)));
  const strange = range(hereEnd).filter((position) => !atIndex.has(here.get(position)));
  if (isCut) lost = lost.filter((index) => index < hereEnd);
  const found = nameAltered(lost, strange);
  const told = new Set(found.map((one) => one.index));
  for (const index of lost) if (!told.has(index)) found.push({ kind: "dropped", index });
  found.push(...nameDuplicated(signed, here, range(hereEnd), atIndex));
  found.push(...nameSwapped(signed, here, range(hereEnd), atIndex));
  if (isCut) found.push({ kind: "cut-off", index: hereEnd });
  return found;
}

/** One stands for the other where they are in one place; else in their order. */
function nameAltered(lost, strange) {
  const same = strange.filter((position) => lost.includes(position));
  const places = lost.filter((index) => !same.includes(index));
  const found = same.map((index) => ({ kind: "altered", index }));
  for (const position of strange.filter((one) => !same.includes(one))) {
    const index = places.shift();
    const detail = index === undefined ? "was never signed for" : `stands at ${position}`;
    found.push({ kind: "altered", index: index ?? position, detail });
  }
  return found;
}

function nameDuplicated(signed, here, positions, atIndex) {
  const count = (all) => {
    const times = new Map();
    for (const hash of all) times.set(hash, (times.get(hash) ?? 0) + 1);
    return times;
  };
  const [should, times] = [count(signed.values()), count(here.values())];
  const firstAt = new Map();
  for (const [at, hash] of here) {
    firstAt.set(hash, Math.min(at, firstAt.get(hash) ?? at));
  }
  return positions
    .filter((position) => {
      const hash = here.get(position);
      const isMore = should.has(hash) && times.get(hash) > should.get(hash);
      return isMore && firstAt.get(hash) < position;
    })
    .map((position) => ({
      kind: "duplicated",
      index: atIndex.get(here.get(position)),
      detail: `again at ${position}`,
    }));
}

function nameSwapped(signed, here, positions, atIndex) {
  const found = [];
  const mine = new Set(positions);
  for (const position of positions) {
    const hash = here.get(position);
    const other = atIndex.get(hash) ?? position;
    // A pair is told once in a bundle: at the first of its places that is in it.
    if (other === position || (other < position && mine.has(other))) continue;
    const should = signed.get(position);
    if (should === undefined || should === hash || here.get(other) !== should) continue;
    const [low, high] = [Math.min(position, other), Math.max(position, other)];
    found.push({ kind: "swapped", index: low, detail: `with ${high}` });
  }
  return found;
}
