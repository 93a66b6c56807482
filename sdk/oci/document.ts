import type { z } from "zod";
import { LinuxKitError } from "../core/errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses a JSON document from outside and checks it against a schema.
 *
 * @param what names it in messages, such as `manifest of docker.io/library/nginx:1.27`
 * @throws TOO_LARGE over `limit` bytes; CORRUPT where it is not UTF-8 JSON that matches the schema
 */
export function parseDocument<S extends z.ZodType>(schema: S, bytes: Uint8Array, what: string, limit: number): z.output<S> {
  if (bytes.length > limit)
    throw new LinuxKitError("TOO_LARGE", `${what}: ${bytes.length} bytes, wanted at most ${limit}`, { what, limit, got: bytes.length });
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw new LinuxKitError("CORRUPT", `${what} is not JSON: ${(error as Error).message}`, { path: what }, { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LinuxKitError(
    "CORRUPT",
    `${what} is malformed: ${issue?.path.join(".") || "document"}: ${issue?.message}`,
    { path: what },
    { cause: parsed.error },
  );
}
