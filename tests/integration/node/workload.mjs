// Prisma through both pools of the tier: what the application does, with named prepared statements.
// Told by the environment: MODULES (a node_modules folder), WRITE and READ (JSON for node-postgres), WORKERS, STEPS,
// NAMED=no for the adapter's default of unnamed statements, READS=no to leave the read pool alone.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const required = createRequire(`${process.env.MODULES}/`);
const { PrismaPg } = required("@prisma/adapter-pg");
const { PrismaClient } = createRequire(import.meta.url)("./generated/index.js");

const [workers, steps] = [Number(process.env.WORKERS), Number(process.env.STEPS)];
// The adapter sends unnamed statements unless it is told a name: a name of the text is prepared once a connection.
const nameOf = ({ sql }) => createHash("sha256").update(sql).digest("hex").slice(0, 32);
const options = process.env.NAMED === "no" ? {} : { statementNameGenerator: nameOf };
// Prisma waits 2 s for a connection of a transaction, which a busy machine of tests can take.
const transactionOptions = { maxWait: 30_000, timeout: 30_000 };
const client = (settings) => {
  const adapter = new PrismaPg({ ...JSON.parse(settings), max: workers }, options);
  return new PrismaClient({ adapter, transactionOptions });
};
const [write, read] = [client(process.env.WRITE), client(process.env.READ)];
const seen = { write: new Set(), read: new Set() };
const served = async (pool, name) => {
  const [row] = await pool.$queryRaw`SELECT host(inet_server_addr()) AS server`;
  seen[name].add(row.server);
};
const expect = (what, found, wanted) => {
  if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`);
};

let done = 0;
async function worker(number) {
  for (let step = 0; step < steps; step++) {
    const made = await write.booking.create({ data: { worker: number, step, note: "new" } });
    await write.$transaction(async (inside) => {
      const again = await inside.booking.findUniqueOrThrow({ where: { id: made.id } });
      await inside.booking.update({ where: { id: made.id }, data: { note: `${again.worker}/${again.step}` } });
    });
    // Read your own write: fresh data comes from the write pool, however far the replicas are behind.
    const own = await write.booking.findUniqueOrThrow({ where: { id: made.id } });
    expect("own write", own.note, `${number}/${step}`);
    await served(write, "write");
    if (process.env.READS !== "no") {
      // Seeded before, so that every replica has it: a wrong row would be the answer to another worker's parameters.
      const row = await read.booking.findFirst({ where: { worker: -1 - number, step } });
      expect("seeded row", row?.note, `seed ${number}/${step}`);
      await served(read, "read");
    }
    done += 1;
  }
}

const results = await Promise.allSettled([...Array(workers).keys()].map(worker));
const failures = results.filter((each) => each.status === "rejected").map((each) => String(each.reason));
await Promise.all([write.$disconnect(), read.$disconnect()]);
console.log(JSON.stringify({ done, failures, write: [...seen.write].sort(), read: [...seen.read].sort() }));
