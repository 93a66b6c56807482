/** One step into a value: the name of a member, or the index of an item. */
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

/** Reads what {@link formatPath} wrote. Text that is not a path comes back as the name of one member. */
export function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  const step = /\.?([^.[\]"]+)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (!match) return [path];
    if (match[1] !== undefined) steps.push(match[1]);
    else if (match[2] !== undefined) steps.push(Number(match[2]));
    else steps.push(JSON.parse(match[3] as string) as string);
  }
  return steps;
}

/** What is found at the end of a path; undefined where the path leads nowhere. */
export function valueAt(root: unknown, steps: readonly Step[]): unknown {
  let value = root;
  for (const step of steps) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<Step, unknown>)[step];
  }
  return value;
}
