/* The Cloud Function (2nd gen): a node's webhook into Firestore. Deploy it with

     firebase functions:secrets:set FEDERATION_SECRET      (the line whsec_…)
     firebase deploy --only functions */
import { initializeApp } from "firebase-admin/app";
import { getFirestore } from "firebase-admin/firestore";
import { defineSecret } from "firebase-functions/params";
import { onRequest } from "firebase-functions/v2/https";
import { take } from "./webhook.mjs";

initializeApp();
const store = getFirestore();
const results = store.collection("federation");
const secret = defineSecret("FEDERATION_SECRET");

async function keep(documents) {
  const batch = store.batch(); // at most 200 rows come at once; all of them or none
  for (const { id, fields } of documents) batch.set(results.doc(id), fields);
  await batch.commit();
}

async function drop(election) {
  for (;;) {
    const found = await results.where("election", "==", election).limit(400).get();
    if (found.empty) return;
    const batch = store.batch();
    for (const document of found.docs) batch.delete(document.ref);
    await batch.commit();
  }
}

export const federation = onRequest(
  // One at a time, or an older message could overtake a newer one.
  { secrets: [secret], region: "asia-southeast2", maxInstances: 1, concurrency: 1 },
  async (request, response) => {
    const { headers, rawBody } = request; // as it came: parsed JSON has other bytes
    const given = { headers, body: rawBody, secret: secret.value(), keep, drop };
    const [status, words] = await take(given);
    response.status(status).send(words);
  },
);
