/* A node's webhook, checked and understood: no Firebase and no package in here.

   Standard Webhooks 1.0.0: HMAC-SHA256 over `<id>.<timestamp>.<body>`, with the secret
   that both sides know (`whsec_…`). A message comes at least once, and in order. */
import { createHmac, timingSafeEqual } from "node:crypto";

const APART_S = 300; // so far two clocks may differ; older messages are somebody's copies

/** What the node says, if it was this node that said it; `body` as it came, untouched. */
export function open(headers, body, secret, now = Date.now() / 1000) {
  const id = headers["webhook-id"];
  const sent = headers["webhook-timestamp"];
  const given = headers["webhook-signature"] ?? "";
  if (!id || !/^\d{1,12}$/.test(sent ?? "")) throw new Error("no signed message");
  if (Math.abs(now - Number(sent)) > APART_S) throw new Error("too old, or a clock is wrong");
  const key = Buffer.from(secret.trim().replace(/^whsec_/, ""), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${sent}.`).update(body).digest();
  const holds = given.split(" ").some((one) => {
    const other = Buffer.from(one.startsWith("v1,") ? one.slice(3) : "", "base64");
    return other.length === mac.length && timingSafeEqual(other, mac);
  });
  if (!holds) throw new Error("not signed with our secret");
  return JSON.parse(body);
}

/** The documents to keep: one for each contest at each polling station, as it stands now. */
export function documentsOf({ org, election, changes }) {
  return changes.map(({ change, contest, tps, row }) => ({
    id: `${election}.${contest}.${tps}`,
    fields: {
      ...{ election, contest, tps, change, from: org },
      ...{ status: row.status, official: row.official ?? "none", flags: row.flags },
      groups: row.groups, // equal votes, and the organisations that say so
    },
  }));
}

/** Take one message in; answers [status, words]. `keep` writes documents, `drop` all of
    an election's: where the node began its map anew, what was kept is of no use. */
export async function take({ headers, body, secret, keep, drop, now }) {
  let message;
  try {
    message = open(headers, body, secret, now);
  } catch (error) {
    return [401, error.message];
  }
  if (message.type !== "map.changed") return [200, `nothing to do for ${message.type}`];
  const { data } = message;
  if (data.reset) await drop(data.election);
  await keep(documentsOf(data));
  return [200, `${data.counts.changes} rows`]; // only now: what is not 2xx comes again
}
