import type { ProgramFault } from "./find-program.ts";
import { type AdviceSources, programAdvice, type Unrunnable } from "./program-advice.ts";

/** Why a command is refused, and what to do: `/usr/bin/x is a script of /bin/sh, which is not in the image: add "dash" to packages`. */
export async function refusal(unrunnable: Unrunnable, sources: AdviceSources | undefined): Promise<string> {
  const advice = sources ? await programAdvice(unrunnable, sources) : "add the package that has it";
  return `${reasonOf(unrunnable.fault)}: ${advice}`;
}

function reasonOf(fault: ProgramFault): string {
  switch (fault.kind) {
    case "absent":
      return fault.path === undefined ? "which no folder of PATH has in the image" : `but the image has no ${fault.path}`;
    case "dangling":
      return `but ${fault.path} leads to ${fault.missing}, which is not in the image`;
    case "forbidden":
      return `but ${fault.path} is a file that may not be run`;
    case "script":
      return `but ${fault.path} is a script of ${fault.name ?? fault.missing}, which is not in the image`;
    case "loader":
      return `but ${fault.path} needs the loader ${fault.missing}, which is not in the image`;
  }
}
