// Public keys that no honest key generator makes.
//
// Rule: a browser's Ed25519 takes keys of small order and points outside the
// prime-order group, under which forged signatures verify. So the point is decoded
// here, with whole numbers, and multiplied by the order of the group; a key is looked
// at once, so it need not be fast, and nothing secret is involved.
//
// Source: RFC 8032 section 5.1.3

const FIELD = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const ROOT_OF_MINUS_ONE = power(2n, (FIELD - 1n) / 4n);
const CURVE_D = modulo(-121665n * power(121666n, FIELD - 2n));

function modulo(number) {
  const rest = number % FIELD;
  return rest < 0n ? rest + FIELD : rest;
}

function power(base, exponent) {
  let result = 1n;
  let factor = modulo(base);
  for (let bits = exponent; bits; bits >>= 1n) {
    if (bits & 1n) result = (result * factor) % FIELD;
    factor = (factor * factor) % FIELD;
  }
  return result;
}

/** The point in extended coordinates, or null where the bytes are not one. */
function decodePoint(bytes) {
  let y = 0n;
  for (let at = 31; at >= 0; at -= 1) y = (y << 8n) | BigInt(bytes[at]);
  const sign = y >> 255n;
  y &= (1n << 255n) - 1n;
  if (y >= FIELD) return null;
  const u = modulo(y * y - 1n);
  const v = modulo(CURVE_D * y * y + 1n);
  const quotient = modulo(u * power(v, FIELD - 2n));
  let x = power(quotient, (FIELD + 3n) / 8n);
  if (modulo(x * x) !== quotient) x = modulo(x * ROOT_OF_MINUS_ONE);
  if (modulo(x * x) !== quotient || (x === 0n && sign)) return null;
  if ((x & 1n) !== sign) x = FIELD - x;
  return [x, y, 1n, modulo(x * y)];
}

/** Source: RFC 8032 section 5.1.4 */
function addPoints(p, q) {
  const a = modulo((p[1] - p[0]) * (q[1] - q[0]));
  const b = modulo((p[1] + p[0]) * (q[1] + q[0]));
  const c = modulo(2n * p[3] * q[3] * CURVE_D);
  const d = modulo(2n * p[2] * q[2]);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [modulo(e * f), modulo(g * h), modulo(f * g), modulo(e * h)];
}

function multiplyPoint(point, scalar) {
  let sum = [0n, 1n, 1n, 0n];
  for (let bits = scalar, twice = point; bits; bits >>= 1n) {
    if (bits & 1n) sum = addPoints(sum, twice);
    twice = addPoints(twice, twice);
  }
  return sum;
}

function isNeutral([x, y, z]) {
  return x === 0n && y === z;
}

/** Whether the bytes are the one form of a point of the prime-order group. */
function isGoodPoint(bytes) {
  const point = bytes.length === 32 ? decodePoint(bytes) : null;
  if (!point || isNeutral(multiplyPoint(point, 8n))) return false;
  return isNeutral(multiplyPoint(point, ORDER));
}
