// Tell the caches what has changed: one event for the invalidation worker (CACHE-INV), from any program that runs on
// Google Cloud and Node.js 20 or newer. It needs no package.
//
//   await db.transaction(async (transaction) => { … });
//   await invalidate("projects/triptrip-prod/topics/cache-invalidation", "entity",
//                    { entity: "hotel", entityId: id, reason: "hotel update", source: "application" });
//
// Publish after the transaction has been committed, never before: a purge that is ahead of its write is no purge.

// The region's own address: the topic takes messages there alone (docs/adr/0016).
const API = "https://asia-northeast1-pubsub.googleapis.com";
const TOKEN = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
const EMPTY = { keys: [], pattern: "", tags: [], entity: "", entityId: "", version: 0 };
const PASSING = [429, 500, 502, 503, 504];
const PATIENCE_MS = 20_000;

/** The topic has not taken an event: what it names stays stale until its time to live is over. */
export class NotPublishedError extends Error {}

/**
 * Publish an event and return its id; tried for 20 s, then NotPublishedError is thrown.
 *
 * @param {string} topic projects/…/topics/…
 * @param {"single" | "pattern" | "tag" | "entity"} kind
 * @param {{reason: string, source: string, keys?: string[], pattern?: string, tags?: string[], entity?: string,
 *   entityId?: string}} fields those of infra/catalog/cache_invalidation.avsc that the kind wants
 * @param {{api?: string}} options
 * @returns {Promise<string>}
 */
export async function invalidate(topic, kind, fields, { api = API } = {}) {
  const event = { kind, ...EMPTY, ...fields, timestamp: Date.now() * 1000 };
  const body = JSON.stringify({ messages: [{ data: Buffer.from(JSON.stringify(event)).toString("base64") }] });
  const end = Date.now() + PATIENCE_MS;
  for (let pause = 100; ; pause = Math.min(2 * pause, 2_000)) {
    const answer = await publish(`${api}/v1/${topic}:publish`, body).catch(
      (error) => ({ status: 503, told: String(error) }),
    );
    if (answer.status === 200) return answer.told.messageIds[0];
    if (!PASSING.includes(answer.status) || Date.now() + pause > end) {
      throw new NotPublishedError(`${topic}: ${answer.status} ${JSON.stringify(answer.told)}`);
    }
    await new Promise((wake) => setTimeout(wake, pause * (0.5 + Math.random() / 2)));
  }
}

async function publish(address, body) {
  const signed = address.startsWith("https:") ? await authorization() : {};
  const headers = { "Content-Type": "application/json", ...signed };
  const answer = await fetch(address, { method: "POST", headers, body, signal: AbortSignal.timeout(5_000) });
  return { status: answer.status, told: await answer.json() };
}

let token = { value: "", end: 0 };

/** The header of a token of this program's own account, which a metadata server keeps anew. */
async function authorization() {
  if (Date.now() > token.end) {
    const answer = await fetch(TOKEN, { headers: { "Metadata-Flavor": "Google" }, signal: AbortSignal.timeout(5_000) });
    if (!answer.ok) throw new Error(`no token: ${answer.status}`);
    const told = await answer.json();
    token = { value: told.access_token, end: Date.now() + (told.expires_in - 60) * 1000 };
  }
  return { Authorization: `Bearer ${token.value}` };
}
