import { isPlain } from "../core/deferred.ts";
import { failure, throwFailures } from "../core/failure.ts";
import { shown } from "../core/shown.ts";

/** Refuses the arguments in the place of the name: `new Service({ … })`. @throws INVALID_DEFINITION */
export function checkName(className: string, wanted: "name" | "path", given: unknown): void {
  if (typeof given === "string") return;
  const example = wanted === "path" ? "/etc/motd" : "web";
  const hint = isPlain(given) ? `: write new ${className}("${example}", { … })` : "";
  throwFailures([failure([], `new ${className}: got ${shown(given)} as the first argument, wanted its ${wanted}${hint}`)]);
}
