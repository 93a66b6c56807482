const NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];

/**
 * What no proxy reaches: this host, as Go's clients have it (golang.org/x/net/http/httpproxy, Config.ProxyFunc), and a cloud's metadata
 * (AWS CLI User Guide, "Using an HTTP proxy").
 */
const DIRECT = ["localhost", "127.0.0.1", "[::1]", "169.254.169.254"];

/** What an executable does about a proxy: nothing, or start again with more variables, or warn that no proxy is used. */
export type ProxyAction =
  | { readonly kind: "none" }
  | { readonly kind: "restart"; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: "warn"; readonly message: string };

/**
 * What to do about the proxy that the environment names, as `HTTPS_PROXY`. Node reads it at its start only, and only if
 * NODE_USE_ENV_PROXY=1 is set too (Node, "Command-line API"). A user who has set that variable decides. It must run on any Node.
 */
export function proxyAction(env: NodeJS.ProcessEnv, version: string, canRestart: boolean): ProxyAction {
  const named = NAMES.find((name) => env[name]);
  if (named === undefined || env.NODE_USE_ENV_PROXY !== undefined) return { kind: "none" };
  if (!readsProxy(version))
    return { kind: "warn", message: `${named} is set, but Node ${version} uses no proxy: install Node 22.21 or newer, or 24` };
  if (!canRestart) return { kind: "warn", message: `${named} is set, but Node uses a proxy only if NODE_USE_ENV_PROXY=1 is set too` };
  const own = env.no_proxy ?? env.NO_PROXY ?? "";
  const direct = own.trim() === "*" ? "*" : [own, ...DIRECT].filter((part) => part !== "").join();
  return { kind: "restart", env: { NODE_USE_ENV_PROXY: "1", NO_PROXY: direct, no_proxy: direct } };
}

/** Node has that variable since 22.21 and 24.0, and 23 never had it (Node's changelogs). */
function readsProxy(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major >= 24 || (major === 22 && minor >= 21);
}
