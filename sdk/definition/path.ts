/** One step into a definition: the name of a member, or the index of an item. */
export type Step = string | number;

/** Writes a path as Pulumi does: `services.web.capabilities[0]`, `services["a.b"].binds`. */
export function formatPath(steps: readonly Step[]): string {
  let path = "";
  for (const step of steps) {
    if (typeof step === "number") path += `[${step}]`;
    else if (step === "" || /[.[\]"\\]/.test(step)) path += `[${JSON.stringify(step)}]`;
    else path += path === "" ? step : `.${step}`;
  }
  return path;
}
