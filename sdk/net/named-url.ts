import { networkError } from "./exchange.ts";

/**
 * A URL that a server's answer names, to be asked next: of a redirect, an upload session, the next page of a list.
 *
 * @param from where the answer came from
 * @param does what the answer does with the URL, for messages: `redirects to`
 * @throws NETWORK unless it is an http or https URL, and for plain http where the answer came by https
 */
export function namedUrl(from: URL, named: string, does: string): URL {
  const url = URL.parse(named, from.href);
  if (!url || !/^https?:$/.test(url.protocol)) throw networkError(from, `${does} what is not an http or https URL`);
  if (from.protocol === "https:" && url.protocol === "http:") throw networkError(from, `${does} plain http at ${url.host}`);
  return url;
}
