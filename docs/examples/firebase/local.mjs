/* The same without Firebase: what would be Firestore is a file.

     FEDERATION_SECRET=whsec_… node local.mjs documents.json [PORT]

   It prints the address that goes into `url` of [[webhooks]]. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { take } from "./webhook.mjs";

const [path, port = "0"] = process.argv.slice(2);
const secret = process.env.FEDERATION_SECRET ?? "";
let kept = existsSync(path) ? JSON.parse(readFileSync(path)) : {};

function save() {
  writeFileSync(`${path}.new`, JSON.stringify(kept), { flush: true });
  renameSync(`${path}.new`, path);
}
async function keep(documents) {
  for (const { id, fields } of documents) kept[id] = fields;
  save();
}
async function drop(election) {
  const others = Object.entries(kept).filter(([, fields]) => fields.election !== election);
  kept = Object.fromEntries(others);
  save();
}

const server = createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  const [status, words] = await take({ headers: request.headers, body, secret, keep, drop });
  response.writeHead(status, { "Content-Type": "text/plain" }).end(words);
});
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}/federation`);
});
