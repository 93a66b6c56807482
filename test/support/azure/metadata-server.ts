/**
 * Plays Azure's Instance Metadata Service.
 *
 * Source: Microsoft Learn, "Azure Instance Metadata Service for virtual machines".
 * Assumed: the words of errors.
 */
import { LoopbackServer, type Reply } from "../loopback-server.ts";

/** Value of each leaf by its path below `/metadata/instance/`. */
export type AzureMetadata = Readonly<Record<string, string>>;

/** Paths and the API version that introduced them. */
const SINCE: readonly (readonly [RegExp, string])[] = [
  [/^compute\/userData$/, "2021-01-01"],
  [/^compute\/osProfile\//, "2020-07-15"],
  [/^compute\/tagsList\b/, "2019-06-04"],
];
const VERSIONS = ["2017-08-01", "2018-02-01", "2019-06-04", "2020-07-15", "2020-09-01", "2021-01-01", "2021-02-01", "2021-12-13"];

/** Answers of the identity endpoint by the query. */
export type AzureTokens = (query: URLSearchParams) => Reply;

/** Starts the service. It requires its header and a known version, refuses forwarded requests, and serves leaves as text only. */
export function startAzureMetadata(content: AzureMetadata, tokens: AzureTokens = () => ({ status: 404 })): Promise<LoopbackServer> {
  const refuse = (status: number, error: string): Reply => ({
    status,
    body: JSON.stringify({ error }),
    headers: { "content-type": "application/json; charset=utf-8" },
  });
  return LoopbackServer.start(({ method, url = "", headers }) => {
    if (method !== "GET") return refuse(405, "Method not allowed");
    if (headers["x-forwarded-for"] !== undefined || headers.metadata !== "true")
      return refuse(400, "Bad request. Required metadata header not specified");
    const { pathname, searchParams } = new URL(url, "http://metadata");
    const version = searchParams.get("api-version") ?? "";
    if (!VERSIONS.includes(version)) return refuse(400, "Bad request. api-version was not specified in the request, or is not supported");
    if (pathname === "/metadata/identity/oauth2/token") return tokens(searchParams);
    const path = pathname.replace(/^\/metadata\/instance\//, "");
    if (path === pathname) return refuse(404, "Not found");
    if (SINCE.some(([of, since]) => of.test(path) && version < since)) return refuse(404, "Not found");
    const format = searchParams.get("format") ?? "json";
    const leaves = Object.keys(content).filter((key) => key.startsWith(`${path}/`));
    if (leaves.length > 0) {
      if (format === "text")
        return { status: 200, body: [...new Set(leaves.map((key) => key.slice(path.length + 1).replace(/\/.*/, "/")))].join("\n") };
      return { status: 200, body: JSON.stringify(nested(content, path)), headers: { "content-type": "application/json; charset=utf-8" } };
    }
    const body = content[path];
    if (body === undefined) return refuse(404, "Not found");
    return format === "text"
      ? { status: 200, body, headers: { "content-type": "text/plain; charset=utf-8" } }
      : refuse(400, "Bad request. format=json is not supported for leaf nodes");
  });
}

// a folder with numbers for names is a list
function nested(content: AzureMetadata, path: string): unknown {
  if (content[path] !== undefined) return content[path];
  const below = [
    ...new Set(
      Object.keys(content).flatMap((key) => (key.startsWith(`${path}/`) ? [key.slice(path.length + 1).split("/")[0] as string] : [])),
    ),
  ];
  const values = below.map((name) => [name, nested(content, `${path}/${name}`)] as const);
  return below.every((name) => /^\d+$/.test(name)) ? values.map(([, value]) => value) : Object.fromEntries(values);
}
