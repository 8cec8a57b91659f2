// What a photo looks like: as `photos/likeness.py`, bit by bit where the greys are the
// same. Browsers open a JPEG a little differently, which turns over a bit or two.

const LIKE = 22;
const EDGE = 128;
const FIRST_WAVE = 48;
const SIDE = 16;
const UNIT = 4096;
const FLAT = 100 * UNIT * UNIT;
const MAX_PIXELS = 128_000_000;

/** The 256 bits of a photo; null where there is nothing to be seen. */
async function likenessOf(file) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  const { width, height } = bitmap;
  if (width * height > MAX_PIXELS) refuse("format", "more pixels than are opened");
  const canvas = element("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const lines = squeeze(greysOf(context, width, height), width, height);
  // Turned, squeezed along the other side, and turned back.
  const greys = turnOver(squeeze(turnOver(lines, EDGE, height), height, EDGE), EDGE, EDGE);
  return bitsOf(wavesOf(greys));
}

/** A grey for each pixel, a strip at a time: a photo at once is four times as large. */
function greysOf(context, width, height) {
  const greys = new Uint8Array(width * height);
  for (let top = 0; top < height; top += 256) {
    const rows = Math.min(256, height - top);
    const { data: colours } = context.getImageData(0, top, width, rows);
    for (let at = 0; at < width * rows; at += 1) {
      const [red, green, blue] = [colours[4 * at], colours[4 * at + 1], colours[4 * at + 2]];
      greys[top * width + at] = (19595 * red + 38470 * green + 7471 * blue + 32768) >>> 16;
    }
  }
  return greys;
}

/** Each line as EDGE means of the pixels whose middle lies in them. */
function squeeze(greys, width, height) {
  const scale = width / EDGE;
  const reach = Math.max(scale, 1) / 2;
  const made = new Uint8Array(EDGE * height);
  for (let column = 0; column < EDGE; column += 1) {
    const middle = (column + 0.5) * scale;
    const isIn = (at) => at + 0.5 - middle > -reach && at + 0.5 - middle <= reach;
    let start = Math.max(0, Math.floor(middle - reach + 0.5));
    let end = Math.min(width, Math.floor(middle + reach + 0.5));
    if (!isIn(start)) start += 1;
    if (end > start && !isIn(end - 1)) end -= 1;
    for (let row = 0; row < height; row += 1) {
      let sum = 0;
      for (let at = start; at < end; at += 1) sum += greys[row * width + at];
      made[row * EDGE + column] = Math.floor(sum / (end - start) + 0.5);
    }
  }
  return made;
}

/** Rows as columns. */
function turnOver(greys, width, height) {
  const made = new Uint8Array(greys.length);
  for (let row = 0; row < height; row += 1) {
    for (let at = 0; at < width; at += 1) made[at * height + row] = greys[row * width + at];
  }
  return made;
}

/** Whole numbers below 2^53 all the way, as in Python. */
function wavesOf(greys) {
  const cosines = Array.from({ length: SIDE }, (_, wave) =>
    Array.from({ length: EDGE }, (_, at) =>
      Math.round(UNIT * Math.cos((Math.PI * (FIRST_WAVE + wave) * (2 * at + 1)) / (2 * EDGE))),
    ),
  );
  const along = cosines.map((wave) =>
    Array.from({ length: EDGE }, (_, row) =>
      wave.reduce((sum, one, at) => sum + one * greys[row * EDGE + at], 0),
    ),
  );
  return cosines.flatMap((wave) =>
    along.map((column) => wave.reduce((sum, one, at) => sum + one * column[at], 0)),
  );
}

function bitsOf(waves) {
  const sizes = waves.map(Math.abs).sort((a, b) => a - b);
  return sizes[waves.length / 2] < FLAT ? null : waves.map((wave) => wave > 0);
}

/** 64 hexadecimal digits; the first bit is the last one of the last digit. */
function formatLikeness(bits) {
  if (!bits) return "";
  const number = bits.reduceRight((sum, bit) => sum * 2n + (bit ? 1n : 0n), 0n);
  return number.toString(16).padStart(64, "0");
}

function parseLikeness(text) {
  const number = BigInt(`0x${text}`);
  return Array.from({ length: SIDE * SIDE }, (_, at) => ((number >> BigInt(at)) & 1n) === 1n);
}

/** In how many bits two photos differ, one of them turned so that they fit best. */
function bitsApart(one, other) {
  const [across, isOdd] = [(at) => (at % SIDE) * SIDE + Math.floor(at / SIDE), (wave) => wave % 2 === 1];
  const turns = [
    (at) => one[at],
    (at) => one[across(at)] !== isOdd(Math.floor(at / SIDE)),
    (at) => one[at] !== (isOdd(Math.floor(at / SIDE)) !== isOdd(at % SIDE)),
    (at) => one[across(at)] !== isOdd(at % SIDE),
  ];
  return Math.min(...turns.map((turn) => other.filter((bit, at) => bit !== turn(at)).length));
}
