import { existsSync } from "node:fs";
import { parseReference } from "../oci/reference.ts";
import { UsageError } from "./command.ts";

/** What kind of system an argument of `diff` names. */
export type SideKind = "definition" | "image" | "build";

/** The kind by the argument's form: JSON is of a build, and a reference to a layout or an archive, or one to a registry with a digest, is an image. */
export function sideKind(text: string): SideKind {
  if (/^(?:oci|docker-archive):/.test(text)) return "image";
  if (text.endsWith(".json") && existsSync(text)) return "build";
  return /@sha256:[0-9a-f]{64}$/.test(text) && !existsSync(text) && parseReference(text).kind === "registry" ? "image" : "definition";
}

/** The kind of both arguments. @throws UsageError if they differ */
export function sharedKind(a: string, b: string): SideKind {
  const [one, other] = [sideKind(a), sideKind(b)];
  if (one === other) return one;
  throw new UsageError(`got the ${one} ${a} and the ${other} ${b}, wanted two of one kind`);
}
