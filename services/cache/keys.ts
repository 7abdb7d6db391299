// The keys of the contract for TypeScript, written as services/cache/keys.py writes them: the same request, the same key.
import { createHash } from "node:crypto";

import { ENTRIES, EXPANSIONS, EXPANSIONS_ALWAYS, IGNORED_PARAMETERS, KEYS } from "./contract.js";
import type { Endpoint, EntryRow, Use } from "./contract.js";

/** Where an endpoint's answer is kept: its key, its tags, and how long in milliseconds. */
export interface Entry {
  readonly key: string;
  readonly tags: readonly string[];
  readonly lifetimeMs: number;
}

/** The key of a use; throws unless exactly its variable parts are given, none of them empty. */
export function key(use: Use, parts: Readonly<Record<string, string>> = {}): string {
  return filled(KEYS[use], parts);
}

/** Where the answer of an endpoint is kept, for its path's variables, its query, and the user who asks. */
export function entry(
  endpoint: Endpoint,
  path: Readonly<Record<string, string>> = {},
  query: readonly (readonly [string, string])[] = [],
  user?: string,
): Entry {
  const row = ENTRIES[endpoint];
  if (row.user && !user) throw new Error(`${endpoint} answers one person: give the user who asks`);
  const variables = row.user ? { ...path, user_id: user! } : path;
  const hash = createHash("sha256").update(canonical(endpoint, variables, query)).digest("hex");
  return {
    key: filled(row.key, row.user ? { user: user!, hash } : { hash }),
    tags: row.tags.map((tag) => filled(tag, only(tag, variables))),
    lifetimeMs: row.lifetimeMs,
  };
}

/** The tags that an event about an entity clears; without an id those of all. */
export function expansions(entity: string, id = ""): readonly string[] {
  const byType: Readonly<Record<string, readonly string[]>> = EXPANSIONS;
  return [...EXPANSIONS_ALWAYS, ...(Object.hasOwn(byType, entity) ? byType[entity]! : [])]
    .filter((form) => id !== "" || !form.includes("{id}"))
    .map((form) => filled(form, only(form, { type: entity, id })));
}

/** One text for all requests that mean the same: the filled path, "?", the parameters that count, sorted by name. */
export function canonical(
  endpoint: Endpoint,
  path: Readonly<Record<string, string>>,
  query: readonly (readonly [string, string])[],
): string {
  const form = endpoint.slice(endpoint.indexOf(" ") + 1);
  const counted = query
    .filter(([name]) => counts(ENTRIES[endpoint], name))
    .map(([name, value]) => [encoded(name), encoded(value)] as const)
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  return `${filled(form, only(form, path))}?${counted.map(([name, value]) => `${name}=${value}`).join("&")}`;
}

/** A variable part as it stands in keys: unreserved characters stay, all others are percent-encoded. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function counts(row: EntryRow, name: string): boolean {
  return !(IGNORED_PARAMETERS as readonly string[]).includes(name) && (row.query === null || row.query.includes(name));
}

function only(form: string, parts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(variablesOf(form).map((name) => [name, parts[name] ?? ""]));
}

function filled(form: string, parts: Readonly<Record<string, string>>): string {
  const wanted = variablesOf(form).sort();
  const given = Object.keys(parts).sort();
  if (wanted.join() !== given.join() || Object.values(parts).some((value) => value === "")) {
    throw new Error(`${form} needs exactly ${wanted.join(", ")}, none of them empty; given: ${given.join(", ")}`);
  }
  return form.replace(/\{([a-z_]+)\}/g, (_, name: string) => encoded(parts[name]!));
}

function variablesOf(form: string): string[] {
  return [...new Set([...form.matchAll(/\{([a-z_]+)\}/g)].map((found) => found[1]!))];
}
