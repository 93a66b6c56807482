/** Starts an executable of this package, whose module is named from `dist`. What is done here must run on any Node. */
export async function start(module) {
  // before anything else is loaded: an older Node would only say which export it misses
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 15)) {
    console.error(`pulumi-linuxkit needs Node 22.15 or newer, for zstd; this is ${process.versions.node}: install a newer one, or put it first on PATH`);
    process.exit(1);
  }
  // before loading makes the heap grow
  const { keepHeapSmall } = await import("../dist/sdk/core/small-heap.js");
  keepHeapSmall();
  const [{ keepCompiledCode }, { defaultCacheDir }] = await Promise.all([
    import("../dist/sdk/core/compile-cache.js"),
    import("../dist/sdk/cache/location.js"),
  ]);
  keepCompiledCode(defaultCacheDir());
  await import(`../dist/${module}`);
}
