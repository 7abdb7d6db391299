// The cache's contract as constants. Written by `python -m infra.settings cache-typescript` from infra/catalog; do not edit.

export const LIBRARY = "triptrip";
export const LIBRARY_VERSION = 1;
export const LIBRARY_DIGEST = "3904a31e8846d8a418530ae415be90b4ed6eb5d71ac810cd0ccb58d258bd262b";
export const SESSION_MS = 86400000;
export const RATE_LIMIT_MS = 60000;
export const LOCK_MS = 30000;
export const LONGEST_ENTRY_MS = 3600000;
export const TOMBSTONE_MS = 900000;
export const TAG_MARGIN_MS = 3600000;
export const CLOCK_SKEW_MS = 100;
export const STEP = 500;
export const ENTRY_PREFIX = "cache:api:";
export const TAG_PREFIX = "cache:tags:";
export const STALE_KEY_PREFIX = "cache:stale:key:";
export const STALE_TAG_PREFIX = "cache:stale:tag:";
export const STALE_PATTERN = "cache:stale:pattern";
export const IGNORED_PARAMETERS = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "fbclid"] as const;
export const EXPANSIONS_ALWAYS = ["entity:{type}", "entity:{type}:{id}"] as const;

export const KEYS = {
  session: "session:{session}",
  api_cache: "cache:api:{endpoint}:{hash}",
  private_api_cache: "cache:api:{endpoint}:{user}:{hash}",
  tag: "cache:tags:{tag}",
  stale_key: "cache:stale:key:{key}",
  stale_tag: "cache:stale:tag:{tag}",
  stale_pattern: "cache:stale:pattern",
  edge_now: "cache:edge:now",
  edge_sending: "cache:edge:sending",
  edge_later: "cache:edge:later",
  rate_limit: "ratelimit:{user}:{endpoint}",
  views: "counter:views:{type}:{id}",
  online_users: "counter:online:users:{minute}",
  fence: "lock:fence:{resource}",
  lock: "lock:{resource}",
  leaderboard: "leaderboard:{type}:{period}",
} as const;

export const EXPANSIONS = {
  hotel: ["search:hotels", "listing:hotels"],
  product: ["search:products", "listing:products"],
  booking: ["user:bookings"],
} as const;

/** A use of the cache. */
export type Use = keyof typeof KEYS;

/** An endpoint's answers in Redis; `query` are the parameters that count, null: all but IGNORED_PARAMETERS. */
export interface EntryRow {
  readonly key: string;
  readonly tags: readonly string[];
  readonly lifetimeMs: number;
  readonly user: boolean;
  readonly query: readonly string[] | null;
}

/** An endpoint that the CDN keeps too: its path below the prefix of the API, and its tags there. */
export interface EdgeRow {
  readonly path: string;
  readonly tags: readonly string[];
}

/** A period of a leaderboard: how it is written, and how long its board is kept. */
export interface PeriodRow {
  readonly example: string;
  readonly pattern: string;
  readonly lifetimeMs: number;
}

export const PERIODS: readonly PeriodRow[] = [
  { example: "2026-11-27", pattern: "[0-9]{4}-[0-9]{2}-[0-9]{2}", lifetimeMs: 691200000 },
  { example: "2026-W48", pattern: "[0-9]{4}-W[0-9]{2}", lifetimeMs: 3024000000 },
  { example: "2026-11", pattern: "[0-9]{4}-[0-9]{2}", lifetimeMs: 34560000000 },
];

/** The endpoints whose answers Redis keeps. */
export type Endpoint =
  | "GET /hotels"
  | "GET /hotels/{id}"
  | "GET /attractions"
  | "GET /products"
  | "GET /users/me"
  | "GET /users/me/bookings"
  | "GET /users/me/orders"
  | "GET /search/hotels"
  | "GET /search/products"
  | "GET /inventory/{id}/availability"
  | "GET /rooms/{id}/price";

export const ENTRIES: Readonly<Record<Endpoint, EntryRow>> = {
  "GET /hotels": {
    key: "cache:api:hotels:{hash}",
    tags: ["entity:hotel", "listing:hotels"],
    lifetimeMs: 60000,
    user: false,
    query: null,
  },
  "GET /hotels/{id}": {
    key: "cache:api:hotels.id:{hash}",
    tags: ["entity:hotel", "entity:hotel:{id}"],
    lifetimeMs: 60000,
    user: false,
    query: null,
  },
  "GET /attractions": {
    key: "cache:api:attractions:{hash}",
    tags: ["entity:attraction", "listing:attractions"],
    lifetimeMs: 60000,
    user: false,
    query: null,
  },
  "GET /products": {
    key: "cache:api:products:{hash}",
    tags: ["entity:product", "listing:products"],
    lifetimeMs: 60000,
    user: false,
    query: null,
  },
  "GET /users/me": {
    key: "cache:api:users.me:{user}:{hash}",
    tags: ["entity:user:{user_id}"],
    lifetimeMs: 30000,
    user: true,
    query: null,
  },
  "GET /users/me/bookings": {
    key: "cache:api:users.me.bookings:{user}:{hash}",
    tags: ["entity:booking", "user:bookings"],
    lifetimeMs: 30000,
    user: true,
    query: null,
  },
  "GET /users/me/orders": {
    key: "cache:api:users.me.orders:{user}:{hash}",
    tags: ["entity:order", "user:orders"],
    lifetimeMs: 30000,
    user: true,
    query: null,
  },
  "GET /search/hotels": {
    key: "cache:api:search.hotels:{hash}",
    tags: ["search:hotels"],
    lifetimeMs: 30000,
    user: false,
    query: ["query", "filters", "page"],
  },
  "GET /search/products": {
    key: "cache:api:search.products:{hash}",
    tags: ["search:products"],
    lifetimeMs: 30000,
    user: false,
    query: ["query", "filters", "page"],
  },
  "GET /inventory/{id}/availability": {
    key: "cache:api:inventory.id.availability:{hash}",
    tags: ["entity:inventory", "entity:inventory:{id}"],
    lifetimeMs: 10000,
    user: false,
    query: null,
  },
  "GET /rooms/{id}/price": {
    key: "cache:api:rooms.id.price:{hash}",
    tags: ["entity:room", "entity:room:{id}"],
    lifetimeMs: 10000,
    user: false,
    query: null,
  },
};

/** By the endpoint as it is named in keys. */
export const EDGE: Readonly<Record<string, EdgeRow>> = {
  "hotels": { path: "/hotels", tags: ["entity:hotel", "listing:hotels"] },
  "hotels.id": { path: "/hotels/{id}", tags: ["entity:hotel", "entity:hotel:{id}"] },
  "attractions": { path: "/attractions", tags: ["entity:attraction", "listing:attractions"] },
  "products": { path: "/products", tags: ["entity:product", "listing:products"] },
  "search.hotels": { path: "/search/hotels", tags: ["search:hotels"] },
  "search.products": { path: "/search/products", tags: ["search:products"] },
};

/** Keys and arguments of each function, in their order; its name in Redis begins with LIBRARY and _. */
export interface Functions {
  /** number and digest of the library, e.g. 1 0123456789abcdef */
  version: {
    keys: [];
    arguments: [];
    reads: true;
  };
  /** 1: written; 0: there is no such session, and create was 0 */
  session_write: {
    keys: [session: string];
    arguments: [lifetime_ms: number, create: number, ...fields: (string | Uint8Array)[]];
    reads: false;
  };
  /** fields and values in turn, none when there is no such session */
  session_touch: {
    keys: [session: string];
    arguments: [lifetime_ms: number];
    reads: false;
  };
  /** admitted (1 or 0), how many more are, milliseconds until the oldest one no longer counts */
  rate_limit: {
    keys: [budget: string];
    arguments: [limit: number, window_ms: number];
    reads: false;
  };
  /** the fencing number, higher than every one before; nil when another holds it */
  lock_acquire: {
    keys: [lock: string, fence: string];
    arguments: [token: string | Uint8Array, lifetime_ms: number];
    reads: false;
  };
  /** 1; 0 when the token no longer holds it */
  lock_renew: {
    keys: [lock: string];
    arguments: [token: string | Uint8Array, lifetime_ms: number];
    reads: false;
  };
  /** 1; 0 when the token no longer holds it */
  lock_release: {
    keys: [lock: string];
    arguments: [token: string | Uint8Array];
    reads: false;
  };
  /** 1 when the count may have grown, else 0 */
  count_view: {
    keys: [views: string];
    arguments: [viewer: string | Uint8Array];
    reads: false;
  };
  /** 1 when the count of this minute may have grown, else 0 */
  online_seen: {
    keys: [];
    arguments: [user: string | Uint8Array];
    reads: false;
  };
  /** different users of the running minute and the minutes before it, so many together */
  online_count: {
    keys: [];
    arguments: [minutes: number];
    reads: false;
  };
  /** the member's score, as text */
  leaderboard_add: {
    keys: [leaderboard: string];
    arguments: [member: string | Uint8Array, score: number, lifetime_ms: number];
    reads: false;
  };
  /** members and scores in turn, highest first */
  leaderboard_top: {
    keys: [leaderboard: string];
    arguments: [count: number];
    reads: true;
  };
  /** 1: kept; 0: it was read before an invalidation, or too long ago */
  cache_put: {
    keys: [entry: string];
    arguments: [value: string | Uint8Array, lifetime_ms: number, as_of: number, ...tags: (string | Uint8Array)[]];
    reads: false;
  };
  /** value, the moment of which it is true in microseconds, milliseconds that it has left; nil, the server's clock and 0 when there is none */
  cache_get: {
    keys: [entry: string];
    arguments: [];
    reads: true;
  };
  /** how many entries went */
  invalidate_keys: {
    keys: [...entries: string[]];
    arguments: [moment: number];
    reads: false;
  };
  /** how many entries went, how many are left for the next call */
  invalidate_tag: {
    keys: [];
    arguments: [tag: string | Uint8Array, moment: number, limit: number];
    reads: false;
  };
  /** the cursor of the next call, 0 after the last, and how many entries went */
  invalidate_pattern_step: {
    keys: [];
    arguments: [cursor: string | Uint8Array, pattern: string | Uint8Array, moment: number, limit: number];
    reads: false;
  };
}
