import { output, secret } from "@pulumi/pulumi/output.js";

/** Marks the named arguments as secrets. Undefined ones stay undefined. */
export function secretArguments<Args extends object>(args: Args, names: readonly (keyof Args)[]): Args {
  const hidden = names.flatMap((name) =>
    args[name] === undefined ? [] : [[name, output(args[name]).apply((value) => (value === undefined ? undefined : secret(value)))]],
  );
  return { ...args, ...Object.fromEntries(hidden) };
}
