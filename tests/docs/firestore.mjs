/* What Firestore does for the function of docs/examples/firebase, and no more: writes of a
   batch, all or none, and a query of equal members. Spoken as the real one does (gRPC, by
   the protocol files of Google's own client), kept in a file.

     node firestore.mjs FOLDER_OF_PACKAGES documents.json      prints its port */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, path] = process.argv.slice(2);
const require = createRequire(join(packages, "package.json"));
const grpc = require("@grpc/grpc-js");
const protos = join(packages, "node_modules/@google-cloud/firestore/build/protos");
const types = { longs: String, enums: String, arrays: true, keepCase: true, includeDirs: [protos] };
const loaded = require("@grpc/proto-loader").loadSync("google/firestore/v1/firestore.proto", types);
const { service } = grpc.loadPackageDefinition(loaded).google.firestore.v1.Firestore;
const now = () => ({ seconds: Math.floor(Date.now() / 1000), nanos: 0 });
const kept = new Map(existsSync(path) ? JSON.parse(readFileSync(path)) : []);

function commit({ request }, answer) {
  if (request.writes.length > 500) return answer({ code: grpc.status.INVALID_ARGUMENT });
  for (const one of request.writes) {
    if (one.delete) kept.delete(one.delete);
    else kept.set(one.update.name, one.update.fields);
  }
  writeFileSync(path, JSON.stringify([...kept]));
  const written = request.writes.map(() => ({ update_time: now() }));
  answer(null, { write_results: written, commit_time: now() });
}

function runQuery(call) {
  const { from, where, limit } = call.request.structured_query;
  const { field, op, value } = where.field_filter;
  if (op !== "EQUAL") return call.emit("error", { code: grpc.status.UNIMPLEMENTED });
  const folder = `${call.request.parent}/${from[0].collection_id}/`;
  const found = [...kept].filter(
    ([name, fields]) =>
      name.startsWith(folder) && fields[field.field_path]?.string_value === value.string_value,
  );
  for (const [name, fields] of found.slice(0, limit?.value ?? found.length)) {
    const times = { create_time: now(), update_time: now() };
    call.write({ document: { name, fields, ...times }, read_time: now() });
  }
  call.write({ read_time: now() });
  call.end();
}

const server = new grpc.Server();
server.addService(service, { commit, runQuery });
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
