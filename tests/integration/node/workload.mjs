// Prisma through both pools of the tier: what the application does, with named prepared statements.
// Told by the environment: MODULES (a node_modules folder), WRITE and READ (JSON for node-postgres), WORKERS, STEPS.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const required = createRequire(`${process.env.MODULES}/`);
const { PrismaPg } = required("@prisma/adapter-pg");
const { PrismaClient } = createRequire(import.meta.url)("./generated/index.js");

const [workers, steps] = [Number(process.env.WORKERS), Number(process.env.STEPS)];
// The adapter sends unnamed statements unless it is told a name: a name of the text is prepared once a connection.
const statementNameGenerator = ({ sql }) => createHash("sha256").update(sql).digest("hex").slice(0, 32);
const client = (settings) =>
  new PrismaClient({ adapter: new PrismaPg({ ...JSON.parse(settings), max: workers }, { statementNameGenerator }) });
const [write, read] = [client(process.env.WRITE), client(process.env.READ)];
const seen = { write: new Set(), read: new Set() };
const served = async (pool, name) => {
  const [row] = await pool.$queryRaw`SELECT host(inet_server_addr()) AS server`;
  seen[name].add(row.server);
};

let done = 0;
async function worker(number) {
  for (let step = 0; step < steps; step++) {
    const made = await write.booking.create({ data: { worker: number, step, note: "new" } });
    await write.$transaction(async (inside) => {
      const again = await inside.booking.findUniqueOrThrow({ where: { id: made.id } });
      await inside.booking.update({ where: { id: made.id }, data: { note: `step ${again.step}` } });
    });
    // Read your own write: fresh data comes from the write pool, however far the replicas are behind.
    const own = await write.booking.findUniqueOrThrow({ where: { id: made.id } });
    if (own.note !== `step ${step}`) throw new Error(`worker ${number} read ${own.note} after step ${step}`);
    await served(write, "write");
    if (process.env.READS !== "no") {
      await read.booking.count({ where: { worker: number, step: { lte: step } } });
      await served(read, "read");
    }
    done += 1;
  }
}

const results = await Promise.allSettled([...Array(workers).keys()].map(worker));
const failures = results.filter((each) => each.status === "rejected").map((each) => String(each.reason));
await Promise.all([write.$disconnect(), read.$disconnect()]);
console.log(JSON.stringify({ done, failures, write: [...seen.write].sort(), read: [...seen.read].sort() }));
