/** An authentication challenge of a server (RFC 9110 11.6.1): `Bearer realm="https://…",service="…",scope="…"`. */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Parameters by lower-case name. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const PARAMETER = new RegExp(`^\\s*,?\\s*(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))`);
const SCHEME = new RegExp(`^[\\s,]*(${TOKEN})(?=[\\s,]|$)`);

/** Parses a `WWW-Authenticate` header of one or several challenges, up to the first malformed one. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let rest = header.slice(0, 16 << 10);
  for (let scheme = SCHEME.exec(rest); scheme; scheme = SCHEME.exec(rest)) {
    rest = rest.slice(scheme[0].length);
    const parameters = new Map<string, string>();
    for (let parameter = PARAMETER.exec(rest); parameter; parameter = PARAMETER.exec(rest)) {
      parameters.set((parameter[1] as string).toLowerCase(), parameter[2]?.replace(/\\(.)/g, "$1") ?? (parameter[3] as string));
      rest = rest.slice(parameter[0].length);
    }
    challenges.push({ scheme: (scheme[1] as string).toLowerCase(), parameters });
  }
  return challenges;
}
