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
