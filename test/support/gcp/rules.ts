/**
 * Plays the checks that every resource of Compute Engine shares: names, labels, metadata, tags, fingerprints.
 *
 * Source: Compute Engine, "Naming resources", "Labeling resources", "About VM metadata".
 * Assumed: the words of some refusals; the form of fingerprints.
 */
import { createHash } from "node:crypto";
import { invalid } from "./refusal.ts";
import type { Json } from "./schemas.ts";

const NAME = "(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)";

export function checkName(name: Json, field = "resource.name"): void {
  if (typeof name !== "string" || !new RegExp(`^${NAME}$`).test(name))
    throw invalid(field, name ?? "", `Must be a match of regex '${NAME}'`);
}

export function checkLabels(labels: Readonly<Record<string, string>> = {}): void {
  if (Object.keys(labels).length > 64) throw invalid("resource.labels", "", "A resource can have at most 64 labels.");
  for (const [key, value] of Object.entries(labels)) {
    if (!/^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u.test(key))
      throw invalid("resource.labels", "", `Label key '${key}' violates format constraints.`);
    if (!/^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u.test(value))
      throw invalid(
        "resource.labels",
        "",
        `Label value '${value}' violates format constraints. The value can only contain lowercase letters, numeric characters, underscores and dashes. The value can be at most 63 characters long.`,
      );
  }
}

export function checkMetadata({
  items = [],
}: {
  readonly items?: readonly { readonly key?: string; readonly value?: string }[];
} = {}): void {
  const keys = new Set<string>();
  let total = 0;
  for (const { key = "", value = "" } of items) {
    if (!/^[a-zA-Z0-9_-]{1,127}$/.test(key))
      throw invalid("resource.metadata.items.key", key, "Must be a match of regex '[a-zA-Z0-9-_]+' and at most 127 characters.");
    if (keys.has(key)) throw invalid("resource.metadata", "", `Metadata has duplicate key: ${key}`);
    keys.add(key);
    const bytes = Buffer.byteLength(value);
    total += bytes + Buffer.byteLength(key);
    if (bytes > 256 << 10)
      throw invalid("resource.metadata.items", "", `Metadata value for key '${key}' is too large: maximum size is 262144 characters.`);
  }
  if (total > 512 << 10) throw invalid("resource.metadata", "", "Total size of metadata entries is too large: maximum is 524288 bytes.");
}

export function checkTags({ items = [] }: { readonly items?: readonly string[] } = {}): void {
  if (items.length > 64) throw invalid("resource.tags.items", "", "At most 64 tags are allowed.");
  for (const [index, tag] of items.entries()) checkName(tag, `resource.tags.items[${index}]`);
}

/** Fingerprint of a value for optimistic locking: eight bytes of its hash. */
export function fingerprintOf(value: Json): string {
  return createHash("sha256")
    .update(JSON.stringify(value ?? null))
    .digest()
    .subarray(0, 8)
    .toString("base64");
}
