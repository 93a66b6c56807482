/** A URL that is safe to show: without user, password, fragment and the values of its query, which carry signatures. */
export function redactUrl(url: URL | string): string {
  const shown = new URL(url);
  shown.username = "";
  shown.password = "";
  shown.hash = "";
  const query = [...shown.searchParams.keys()].map((key) => `${encodeURIComponent(key)}=…`).join("&");
  shown.search = "";
  return query ? `${shown.href}?${query}` : shown.href;
}

/** Foreign text made safe for one line of a message: control characters become spaces, and it is cut to `limit` characters. */
export function oneLine(text: string, limit = 300): string {
  const line = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}
