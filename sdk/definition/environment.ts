import type { Input, OutputInstance } from "@pulumi/pulumi/output.js";
import { z } from "zod";
import { isDeferred, isPlain } from "../core/deferred.ts";
import { text } from "./fields.ts";

/** Environment variables: by name, or as LinuxKit has them, a list of `NAME=value`. */
export type EnvironmentArgs = Input<readonly Input<string>[] | undefined> | Readonly<Record<string, Input<string>>>;

/** A variable's name (environ(7)). */
const variable = z.string().regex(/^[^=\0]+$/, 'a name without "="');

/** The schema of {@link EnvironmentArgs}. */
export const environment = z.union([z.array(text), z.record(variable, text)], {
  error: 'variables by name, as { LEVEL: "info" }, or a list of "NAME=value"',
});

/** The variables as a list; one whose value is not known yet stays so. */
export function environmentList(env: unknown): unknown {
  if (isDeferred(env) || !isPlain(env)) return env;
  return Object.entries(env).map(([name, value]) => assignment(name, value));
}

function assignment(name: string, value: unknown): unknown {
  if (!isDeferred(value)) return `${name}=${value}`;
  // the mark of a preview has no value to wait for
  if (typeof value === "symbol") return value;
  if ((value as { __pulumiOutput?: unknown }).__pulumiOutput === true)
    return (value as OutputInstance<string>).apply((known) => `${name}=${known}`);
  return (value as Promise<string>).then((known) => `${name}=${known}`);
}
