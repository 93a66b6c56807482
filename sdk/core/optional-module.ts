import { createRequire } from "node:module";
import { missingPackage } from "./missing-package.ts";

const require = createRequire(import.meta.url);

/**
 * A module of an optional package. An `import` of one that is not installed would end the program before any code of this library
 * runs, in Node's words.
 *
 * @throws TOOL_MISSING with the line that installs the package
 */
export function optionalModule<Module>(name: string): Module {
  try {
    return require(name) as Module;
  } catch (error) {
    throw missingPackage(error) ?? error;
  }
}

/** @throws TOOL_MISSING for the first of these optional packages that is not installed */
export function checkInstalled(names: readonly string[]): void {
  for (const name of names) {
    try {
      import.meta.resolve(name);
    } catch (error) {
      throw missingPackage(error) ?? error;
    }
  }
}
