import { isLinuxKitError } from "../core/errors.ts";
import { missingPackage } from "../core/missing-package.ts";
import { type Finding, findingsOf } from "./finding.ts";

/** A check with its name in the report. It only reads: it creates and changes nothing. */
export interface Check {
  readonly name: string;
  run(signal: AbortSignal): Promise<readonly Finding[]>;
}

/** Runs all checks at the same time. One that cannot be run is a finding too. */
export async function examine(checks: readonly Check[], signal: AbortSignal): Promise<readonly Finding[]> {
  const found = await Promise.all(checks.map((check) => check.run(signal).catch((error: unknown) => [failed(check.name, error, signal)])));
  return found.flat();
}

function failed(name: string, thrown: unknown, signal: AbortSignal): Finding {
  signal.throwIfAborted();
  const error = missingPackage(thrown) ?? thrown;
  if (!isLinuxKitError(error)) throw thrown;
  const { refused, warning } = findingsOf(name);
  if (error.code === "ACCESS_DENIED")
    return warning(
      "not checked",
      `the credentials may not ask: ${error.message}`,
      "let them read this, or check it yourself; --policy prints what the checks need",
    );
  if (error.code === "TOOL_MISSING") return refused("TOOL_MISSING", error.message, "install it, and run this again");
  return refused("not checked", `${error.code}: ${error.message}`, "mend what the message names, and run this again");
}
