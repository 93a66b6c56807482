import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { LinuxKitError } from "../../core/errors.ts";
import { parseDocument } from "../document.ts";
import { canonicalRegistry } from "../reference.ts";
import { oneLine } from "../../net/redact.ts";

/** The credentials for a registry. */
export type RegistryCredential =
  | {
      /** The account's name. */
      readonly username: string;
      /** Its password or access token. */
      readonly password: string;
    }
  | {
      /** An OAuth2 refresh token, exchanged at the registry's token server. */
      readonly identityToken: string;
    }
  | {
      /** A bearer token, sent unchanged. */
      readonly registryToken: string;
    };

/** The registry that a login is for. */
export interface RegistryAuthRequest {
  /** Host and port; `docker.io` for Docker Hub. For a mirror, the mirror's own host and port. */
  readonly registry: string;
  /** Aborts the work; it then fails with CANCELLED. @default it runs to its end */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Returns the login for a registry, or undefined for anonymous access. The logins of the clouds are such functions; the
 * default reads the logins that `docker login` stored. A client calls it once for each registry, at its first 401.
 */
export type RegistryAuth = (request: RegistryAuthRequest) => Promise<RegistryCredential | undefined>;

const entrySchema = z
  .object({ auth: z.string(), username: z.string(), password: z.string(), identitytoken: z.string(), registrytoken: z.string() })
  .partial();
const configSchema = z.object({
  auths: z.record(z.string(), entrySchema).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

/**
 * Reads the logins that `docker login` stored: `config.json` in `DOCKER_CONFIG`, else in `~/.docker`. The registry's
 * credential helper (`credHelpers`) comes first, then the common one (`credsStore`), then the file's own `auths`.
 *
 * The returned function throws CORRUPT for a malformed file, TOOL_MISSING for a helper that is not on PATH, ACCESS_DENIED
 * for a helper that fails or a file that cannot be read, and TIMEOUT for a helper that does not answer.
 */
export function dockerCredentials(env: NodeJS.ProcessEnv = process.env): RegistryAuth {
  return async ({ registry, signal }) => {
    const path = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), ".docker"), "config.json");
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw new LinuxKitError("ACCESS_DENIED", `${path} cannot be read: ${error.message}`, { url: path, status: 0 }, { cause: error });
    });
    if (!bytes) return undefined;
    const { auths = {}, credHelpers = {}, credsStore } = parseDocument(configSchema, bytes, path, 4 << 20);

    const [, helper] = named(credHelpers, registry) ?? [];
    const [server, entry] = named(auths, registry) ?? [];
    for (const name of [helper, credsStore]) {
      if (!name) continue;
      const found = await askHelper(name, server ?? (registry === "docker.io" ? "https://index.docker.io/v1/" : registry), env, signal);
      if (found) return found;
    }
    return entry && fromEntry(entry, path, registry);
  };
}

// keys are hosts, or URLs from old clients
function named<T>(entries: Readonly<Record<string, T>>, registry: string): [string, T] | undefined {
  return Object.entries(entries).find(([key]) => canonicalRegistry(key.replace(/^https?:\/\//, "").replace(/\/.*$/, "")) === registry);
}

function fromEntry(entry: z.output<typeof entrySchema>, path: string, registry: string): RegistryCredential | undefined {
  if (entry.registrytoken) return { registryToken: entry.registrytoken };
  if (entry.identitytoken) return { identityToken: entry.identitytoken };
  if (entry.auth) {
    const pair = Buffer.from(entry.auth, "base64").toString();
    const colon = pair.indexOf(":");
    if (colon < 0)
      throw new LinuxKitError("CORRUPT", `${path}: auths.${registry}.auth is not base64 of USER:PASSWORD; log in again`, { path });
    return { username: pair.slice(0, colon), password: pair.slice(colon + 1).replace(/\0+$/, "") };
  }
  return entry.username ? { username: entry.username, password: entry.password ?? "" } : undefined;
}

const HELPER_SECONDS = 60;

// docker-credential-helpers' protocol: the server's name on stdin, JSON on stdout
async function askHelper(
  name: string,
  server: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<RegistryCredential | undefined> {
  const tool = `docker-credential-${name}`;
  if (!/^[A-Za-z0-9._-]+$/.test(name))
    throw new LinuxKitError(
      "TOOL_MISSING",
      `docker's config.json names the credential helper ${JSON.stringify(name)}: wanted letters, digits, ".", "_" and "-"`,
      { tool },
    );
  const { code, stdout, stderr } = await run(tool, ["get"], server, env, signal);
  if (code !== 0) {
    if (/credentials not found/i.test(stdout + stderr)) return undefined;
    throw new LinuxKitError(
      "ACCESS_DENIED",
      `${tool} failed to get the login for ${server}: ${oneLine(stdout || stderr) || `exit status ${code}`}`,
      { url: server, status: 0 },
    );
  }
  const { Username, Secret } = parseDocument(
    z.object({ Username: z.string(), Secret: z.string() }),
    Buffer.from(stdout),
    `answer of ${tool}`,
    1 << 20,
  );
  if (Secret === "") return undefined;
  return Username === "<token>" ? { identityToken: Secret } : { username: Username, password: Secret };
}

function run(
  tool: string,
  args: string[],
  input: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const deadline = AbortSignal.timeout(HELPER_SECONDS * 1000);
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { env, signal: signal ? AbortSignal.any([signal, deadline]) : deadline });
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        output[stream] = (output[stream] + text).slice(0, 1 << 20);
      });
    }
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (signal?.aborted) reject(new LinuxKitError("CANCELLED", `asking ${tool} was cancelled`, { what: tool }, { cause: error }));
      else if (deadline.aborted)
        reject(
          new LinuxKitError(
            "TIMEOUT",
            `${tool}: no answer within ${HELPER_SECONDS} seconds`,
            { seconds: HELPER_SECONDS, waitingFor: tool },
            { cause: error },
          ),
        );
      else if (error.code === "ENOENT")
        reject(
          new LinuxKitError(
            "TOOL_MISSING",
            `docker's config.json names the credential helper ${tool}, which is not on PATH`,
            { tool },
            { cause: error },
          ),
        );
      else reject(error);
    });
    child.on("close", (code) => resolve({ code, ...output }));
    // a helper that does not read its input may still answer
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
