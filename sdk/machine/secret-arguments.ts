import { output, secret } from "@pulumi/pulumi/output.js";

/** Arguments of which these are secrets, however they are given. One that comes to nothing stays nothing. */
export function secretArguments<Args extends object>(args: Args, names: readonly (keyof Args)[]): Args {
  const hidden = names.flatMap((name) =>
    args[name] === undefined ? [] : [[name, output(args[name]).apply((value) => (value === undefined ? undefined : secret(value)))]],
  );
  return { ...args, ...Object.fromEntries(hidden) };
}
