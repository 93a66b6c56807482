import type { PublicKey } from "openpgp";
import { LinuxKitError } from "../core/errors.ts";
import type { Digest } from "../core/digest.ts";
import { parseParagraph } from "./control.ts";

/** A file that a Release lists. */
export interface ReleaseFile {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** What a suite says of itself. */
export interface Release {
  readonly codename: string;
  readonly architectures: readonly string[];
  readonly validUntil?: Date;
  /** Whether files can also be fetched by their hash, which no update of the mirror can race with. */
  readonly byHash: boolean;
  /** Files under the suite's folder, by path, with their SHA256. */
  readonly files: ReadonlyMap<string, ReleaseFile>;
}

/**
 * Verifies an InRelease and parses what it signs; nothing outside the signed text is looked at.
 *
 * @param now the time that expiry is judged by
 * @throws SIGNATURE_INVALID without a good signature by one of `keys`, for another suite than `suite`, or after `Valid-Until`
 */
export async function verifyRelease(
  inRelease: string,
  keys: readonly PublicKey[],
  suite: string,
  source: string,
  now: Date,
): Promise<Release> {
  const { readCleartextMessage, verify } = await import("openpgp");
  const refuse = (why: string, cause?: unknown): LinuxKitError =>
    new LinuxKitError("SIGNATURE_INVALID", `${source}: ${why}`, { source }, { cause });

  const message = await readCleartextMessage({ cleartextMessage: inRelease }).catch((error: unknown) => {
    throw refuse("is not a signed message", error);
  });
  const { data, signatures } = await verify({ message, verificationKeys: [...keys], date: now });
  const outcomes = await Promise.allSettled(signatures.map(({ verified }) => verified));
  if (!outcomes.some(({ status }) => status === "fulfilled")) {
    const failures = outcomes.map(
      (outcome, at) =>
        `${signatures[at]?.keyID.toHex().toUpperCase()}: ${outcome.status === "rejected" ? (outcome.reason as Error).message : ""}`,
    );
    throw refuse(`has no good signature by a key that is trusted (${failures.join("; ") || "no signature at all"})`);
  }
  const release = parseRelease(data, source);
  if (release.codename !== suite) throw refuse(`is of ${JSON.stringify(release.codename)}, wanted "${suite}"`);
  if (release.validUntil && release.validUntil < now) {
    throw refuse(
      `was valid until ${release.validUntil.toISOString()}, and now it is ${now.toISOString()}: the mirror is stale, or somebody replays an old index; choose another mirror`,
    );
  }
  return release;
}

/** Parses a Release (Debian wiki, DebianRepository/Format) without judging it; accepts a signed one's text around it. */
export function parseRelease(text: string, source: string): Release {
  const fields = parseParagraph(text);
  const codename = fields.get("codename");
  const list = fields.get("sha256");
  if (codename === undefined || list === undefined) {
    throw new LinuxKitError("CORRUPT", `${source}: has no ${codename === undefined ? "Codename" : "SHA256"}`, { path: source });
  }
  const files = new Map<string, ReleaseFile>();
  for (const line of list.split("\n")) {
    const [hex, size, path] = line.trim().split(/\s+/);
    if (path !== undefined && /^[0-9a-f]{64}$/.test(hex as string)) files.set(path, { digest: `sha256:${hex}`, size: Number(size) });
  }
  const until = fields.get("valid-until");
  const validUntil = until === undefined ? undefined : new Date(until);
  if (validUntil && Number.isNaN(validUntil.getTime())) {
    throw new LinuxKitError("CORRUPT", `${source}: Valid-Until is ${JSON.stringify(until)}, no date`, { path: source });
  }
  return {
    codename,
    architectures: (fields.get("architectures") ?? "").split(/\s+/),
    ...(validUntil && { validUntil }),
    byHash: fields.get("acquire-by-hash") === "yes",
    files,
  };
}
