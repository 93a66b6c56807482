/** What is wrong with a version of Node, and what to do; undefined where it is new enough. It must run on any Node. */
export function oldNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 15)) return undefined;
  return `pulumi-linuxkit needs Node 22.15 or newer, for zstd; this is ${version}: install a newer one, or put it first on PATH`;
}
