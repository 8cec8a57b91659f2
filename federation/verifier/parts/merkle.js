// The hashes of a log.
//
//     leaf = SHA-256(0x00 || leaf bytes)      node = SHA-256(0x01 || left || right)
//
// Source: RFC 6962 section 2.1, RFC 9162 section 2.1

const WIDTH = 256;
const MAX_HASHES = 64;

function hashLeaf(leaf) {
  return sha256(joinBytes(Uint8Array.of(0), leaf));
}

function hashNode(left, right) {
  return sha256(joinBytes(Uint8Array.of(1), left, right));
}

/** The root over these leaf hashes: level by level, an odd last one is lifted. */
async function rootOf(hashes) {
  if (!hashes.length) return sha256(new Uint8Array());
  let row = hashes;
  while (row.length > 1) {
    const above = [];
    for (let at = 0; at + 1 < row.length; at += 2) {
      above.push(hashNode(row[at], row[at + 1]));
    }
    const odd = row.length % 2 ? [row[row.length - 1]] : [];
    row = [...(await Promise.all(above)), ...odd];
  }
  return row[0];
}

/** A tree that grows by perfect subtrees: their roots alone, largest first. */
class Frontier {
  constructor() {
    this.size = 0;
    this.parts = [];
  }

  /** Add 2^height leaves, by the root over them. */
  async append(root, height = 0) {
    let [hash, level] = [root, height];
    while (this.parts.length && this.parts[this.parts.length - 1].level === level) {
      hash = await hashNode(this.parts.pop().hash, hash);
      level += 1;
    }
    this.parts.push({ hash, level });
    this.size += 2 ** height;
  }

  async root() {
    if (!this.parts.length) return sha256(new Uint8Array());
    let root = this.parts[this.parts.length - 1].hash;
    for (let at = this.parts.length - 2; at >= 0; at -= 1) {
      root = await hashNode(this.parts[at].hash, root);
    }
    return root;
  }
}

/** Both positions raised over the levels at which the node has no right sibling. */
function skipLevels(node, last) {
  while (node && node % 2 === 0) {
    node /= 2;
    last = Math.floor(last / 2);
  }
  return [node, last];
}

/** The root to which a leaf's path leads. Source: RFC 9162 section 2.1.3.2 */
async function foldPath(index, size, leafHash, path) {
  if (!(index < size)) refuse("proof", "no such position in the history");
  let [node, last, found] = [index, size - 1, leafHash];
  for (const one of path) {
    if (last === 0) refuse("proof", "a path with too many hashes");
    if (node % 2 || node === last) {
      found = await hashNode(one, found);
      [node, last] = skipLevels(node, last);
    } else {
      found = await hashNode(found, one);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  if (last !== 0) refuse("proof", "a path with too few hashes");
  return found;
}

/** The roots at `old` and `size` in any tree with these hashes, 0 < old < size. */
async function foldPrefix(old, size, hashes) {
  if (!(old > 0 && old < size) || !hashes.length || hashes.length > MAX_HASHES) {
    refuse("proof", "no proof of a beginning");
  }
  let [node, last] = [old - 1, size - 1];
  while (node % 2) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  let [oldRoot, newRoot] = [hashes[0], hashes[0]];
  for (const one of hashes.slice(1)) {
    if (last === 0) refuse("proof", "a proof with too many hashes");
    if (node % 2 || node === last) {
      oldRoot = await hashNode(one, oldRoot);
      newRoot = await hashNode(one, newRoot);
      [node, last] = skipLevels(node, last);
    } else {
      newRoot = await hashNode(newRoot, one);
    }
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  if (last !== 0) refuse("proof", "a proof with too few hashes");
  return [oldRoot, newRoot];
}
