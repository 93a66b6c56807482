import { didYouMean } from "../../core/suggest.ts";
import { CAPABILITIES } from "../../definition/capability.ts";
import { LinuxKitError } from "../../core/errors.ts";

/** What is asked about. */
export type Question =
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "capability"; readonly name: string }
  | { readonly kind: "port"; readonly port: number; readonly protocol: "tcp" | "udp" | undefined }
  | { readonly kind: "package"; readonly name: string };

/**
 * Reads a question: a path begins with `/`, a capability with `CAP_`, a port is a number with or without `/tcp` or `/udp`, and
 * anything else is a package.
 *
 * @throws INVALID_DEFINITION for an unknown capability, a port that is none, and a text that can be none of these
 */
export function questionOf(text: string): Question {
  if (text.startsWith("/")) return { kind: "path", path: text.replace(/\/+/g, "/").replace(/(.)\/$/, "$1") };
  if (/^CAP_/i.test(text)) {
    const name = text.toUpperCase();
    if ((CAPABILITIES as readonly string[]).includes(name)) return { kind: "capability", name };
    throw refusal(text, `got the capability ${text}, wanted one of capabilities(7)${didYouMean(text, CAPABILITIES)}`);
  }
  const [, digits, protocol] = /^(\d+)(?:\/(.*))?$/.exec(text) ?? [];
  if (digits !== undefined) {
    const port = Number(digits);
    const isKnown = protocol === undefined || protocol === "tcp" || protocol === "udp";
    if (isKnown && port >= 1 && port <= 65535) return { kind: "port", port, protocol };
    throw refusal(text, `got the port ${text}, wanted 1 to 65535, with /tcp or /udp if you like`);
  }
  // Debian policy 5.6.1, and Alpine's names
  if (/^[A-Za-z0-9_][A-Za-z0-9+._-]*$/.test(text)) return { kind: "package", name: text };
  throw refusal(
    text,
    `got ${JSON.stringify(text)}, wanted a path as /etc/passwd, a capability as CAP_NET_RAW, a port as 443/tcp, or a package as openssl`,
  );
}

function refusal(path: string, message: string): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", message, { path });
}
