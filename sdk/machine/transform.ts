/**
 * Changes the arguments that a component gives to a child: members to replace, or a function that returns the arguments to
 * use.
 */
export type Transform<Args extends object> = Partial<Args> | ((args: Args, name: string) => Args);

/** The arguments after a transform. */
export function transformed<Args extends object>(transform: Transform<Args> | undefined, args: Args, name: string): Args {
  return typeof transform === "function" ? transform(args, name) : { ...args, ...transform };
}
