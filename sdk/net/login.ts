/** User and password. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The `Authorization` header of a login (RFC 7617 2). */
export function basic({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** A URL without its login, which is in no message then, and the login (RFC 3986 3.2.1). */
export function splitLogin(url: URL): { readonly url: URL; readonly login?: Login } {
  if (url.username === "" && url.password === "") return { url };
  const plain = new URL(url);
  [plain.username, plain.password] = ["", ""];
  return { url: plain, login: { username: decoded(url.username), password: decoded(url.password) } };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // a percent sign that stands for itself
    return part;
  }
}

/** A text that should be a URL, as a message shows it: without what may be a login. */
export function shownUrl(text: string): string {
  const [, before = "", after = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?.*@(.*)$/is.exec(text) ?? [undefined, "", undefined];
  return JSON.stringify(text.includes("@") ? `${before}…@${after}` : text);
}
