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

/** The Release file of a suite. */
export interface Release {
  readonly codename: string;
  readonly architectures: readonly string[];
  /** When the archive wrote it. */
  readonly date: Date;
  readonly validUntil?: Date;
  /** Whether files can be fetched by hash, which is safe while the mirror is updated. */
  readonly byHash: boolean;
  /** The files below the suite's folder, by path. */
  readonly files: ReadonlyMap<string, ReleaseFile>;
}

/**
 * When each suite without `Valid-Until` was last written before this version of the library. An older one is validly
 * signed, and lacks the fixes since. Raise the dates with each release of the library.
 */
const OLDEST: ReadonlyMap<string, Date> = new Map([
  ["bookworm", new Date("2026-07-11T10:16:37Z")],
  ["bookworm-updates", new Date("2026-07-11T10:16:37Z")],
]);

/**
 * Verifies an InRelease file and parses its signed text. Ignores everything outside the signed text.
 *
 * @param source the file's URL, for errors
 * @param now the time to compare with `Valid-Until`
 * @throws SIGNATURE_INVALID without a valid signature by one of `keys`, for a suite other than `suite`, after
 * `Valid-Until`, or before {@link OLDEST}; CORRUPT
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
    throw refuse("not a signed message", error);
  });
  const { data, signatures } = await verify({ message, verificationKeys: [...keys], date: now });
  const outcomes = await Promise.allSettled(signatures.map(({ verified }) => verified));
  if (!outcomes.some(({ status }) => status === "fulfilled")) {
    const failures = outcomes.map(
      (outcome, at) =>
        `${signatures[at]?.keyID.toHex().toUpperCase()}: ${outcome.status === "rejected" ? (outcome.reason as Error).message : ""}`,
    );
    throw refuse(`no valid signature by a trusted key (${failures.join("; ") || "no signature found"})`);
  }
  const release = parseRelease(data, source);
  if (release.codename !== suite) throw refuse(`got the suite ${JSON.stringify(release.codename)}, wanted "${suite}"`);
  if (release.validUntil && release.validUntil < now) {
    throw refuse(
      `valid until ${release.validUntil.toISOString()}, but it is ${now.toISOString()}: the mirror is stale, or an attacker replays an old index; choose another mirror`,
    );
  }
  const oldest = OLDEST.get(suite);
  if (oldest && release.date < oldest) {
    throw refuse(
      `written ${release.date.toISOString()}, wanted ${oldest.toISOString()} or later: the mirror is stale, or an attacker replays an old index; choose another mirror`,
    );
  }
  return release;
}

/** Parses a Release or InRelease file (Debian wiki, DebianRepository/Format) without verifying it. @throws CORRUPT */
export function parseRelease(text: string, source: string): Release {
  const fields = parseParagraph(text);
  const codename = fields.get("codename");
  const list = fields.get("sha256");
  if (codename === undefined || list === undefined) {
    throw new LinuxKitError("CORRUPT", `${source}: the field ${codename === undefined ? "Codename" : "SHA256"} is missing`, {
      path: source,
    });
  }
  const files = new Map<string, ReleaseFile>();
  for (const line of list.split("\n")) {
    const [hex, size, path] = line.trim().split(/\s+/);
    if (path !== undefined && /^[0-9a-f]{64}$/.test(hex as string)) files.set(path, { digest: `sha256:${hex}`, size: Number(size) });
  }
  const until = fields.get("valid-until");
  const validUntil = until === undefined ? undefined : dateOf("Valid-Until", until, source);
  return {
    codename,
    date: dateOf("Date", fields.get("date"), source),
    architectures: (fields.get("architectures") ?? "").split(/\s+/),
    ...(validUntil && { validUntil }),
    byHash: fields.get("acquire-by-hash") === "yes",
    files,
  };
}

function dateOf(field: string, text: string | undefined, source: string): Date {
  const date = new Date(text ?? "");
  if (!Number.isNaN(date.getTime())) return date;
  const got = text === undefined ? "nothing" : JSON.stringify(text);
  throw new LinuxKitError("CORRUPT", `${source}: ${field}: got ${got}, wanted a date`, { path: source });
}
