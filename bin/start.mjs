/** Starts an executable of this package, whose module is named from `dist`. What is done here must run on any Node. */
export async function start(module) {
  // before anything else is loaded: an older Node would only say which export it misses
  const { oldNode } = await import("../dist/sdk/core/node-version.js");
  const problem = oldNode(process.versions.node);
  if (problem !== undefined) {
    console.error(problem);
    process.exit(1);
  }
  const { proxyAction } = await import("../dist/sdk/core/proxy.js");
  const proxy = proxyAction(process.env, process.versions.node, process.platform !== "win32");
  if (proxy.kind === "warn") console.error(proxy.message);
  // the same process goes on, so it keeps its parent, its output and its signals
  if (proxy.kind === "restart")
    process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], { ...process.env, ...proxy.env });
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
