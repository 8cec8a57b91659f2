/* Hand what volunteers entered into Firestore or the Realtime Database to a node.

     FEDERATION_TOKEN=… node handin.mjs EXPORT.json https://node.example ELECTION

   EXPORT.json is a Firestore collection as its REST interface lists it (`documents`), or
   a branch of the Realtime Database as its console exports it. Run it as often as you
   like: the node takes each result once (`held`), and a later revision in its place. */
import { readFileSync } from "node:fs";

const ROWS = 1000; // of one request; the node takes 5,000

/** What one document says. This is the function to make your own. */
function draftOf(id, { kelurahan, tps, paslon, sah, tidakSah, versi }) {
  return {
    ...{ contest: "ppwp", tps: kelurahan + String(tps).padStart(3, "0") },
    ...{ form: "plano", source: "citizen", review: "unreviewed" },
    candidates: paslon,
    figures: { suara_sah: sah, suara_tidak_sah: tidakSah },
    ...{ ref: id, revision: versi ?? 1 },
  };
}

/** A value of Firestore, without the name of its type around it. */
function plain({ mapValue, integerValue, ...other }) {
  const members = Object.entries(mapValue?.fields ?? {}).map(([name, one]) => [name, plain(one)]);
  if (mapValue) return Object.fromEntries(members);
  return integerValue === undefined ? Object.values(other)[0] : Number(integerValue);
}

/** [id, members] of each document, whichever of the two databases it is from. */
function documentsOf(exported) {
  if (!exported.documents) return Object.entries(exported);
  return exported.documents.map((one) => [one.name.split("/").at(-1), plain({ mapValue: one })]);
}

const [path, node, election] = process.argv.slice(2);
const drafts = documentsOf(JSON.parse(readFileSync(path))).map(([id, one]) => draftOf(id, one));
const told = {};
for (let at = 0; at < drafts.length; at += ROWS) {
  const answer = await fetch(`${node}/v1/records`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${process.env.FEDERATION_TOKEN}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ election, records: drafts.slice(at, at + ROWS) }),
  });
  const said = await answer.json();
  if (!said.verdicts) {
    console.error(`${said.code}: ${said.detail} (${said.type})`);
    process.exit(1);
  }
  for (const { row, outcome, errors } of said.verdicts) {
    told[outcome] = (told[outcome] ?? 0) + 1;
    for (const { at: where, code, reason } of errors)
      console.error(`${drafts[at + row].ref}: ${where} ${code}: ${reason}`);
  }
}
console.log(JSON.stringify(told));
process.exitCode = told.refused ? 1 : 0;
