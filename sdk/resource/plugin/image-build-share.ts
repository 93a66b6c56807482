import { publicationOf, type PushOption } from "../../builder/publish.ts";
import { formatPath, parsePath } from "../../core/property-path.ts";
import { hasUnknown, isProperties, type Properties, UNKNOWN, type Value } from "../../plugin/value.ts";
import { keyOf, type SignOption } from "../../sign/key.ts";
import { parsePinned, parseRepositoryName } from "../../share/repository-name.ts";
import { type Fail, saying } from "./fail.ts";

/** Where a build is published, as it is stored: key and passphrase are secrets. */
export interface PushInput {
  readonly to: string;
  readonly sign?: { readonly key: string; readonly passphrase?: string };
}

/** Inputs of a build that one which starts from an artifact has no use for: it was built before. */
const OF_BUILDS = [
  "image",
  "formats",
  "diskMiB",
  "update",
  "sbom",
  "secureBoot",
  "localImages",
  "push",
  "cache",
  "debianMirror",
  "debianSecurityMirror",
  "debianSnapshot",
];

/** Checks `artifact`, and that nothing is asked of a build beside it. */
export function checkArtifact(inputs: Readonly<Record<string, Value | undefined>>, fail: Fail): void {
  for (const name of OF_BUILDS)
    if (inputs[name] !== undefined) fail(name, "of no use beside artifact, which is built already: leave out one of the two");
  const { artifact } = inputs;
  if (artifact === UNKNOWN) return;
  if (typeof artifact !== "string") fail("artifact", "got no text, wanted registry/repository@sha256:…");
  else saying("artifact", () => parsePinned(artifact, "artifact"), fail);
}

/** Checks `cache`. */
export function checkCache(cache: Value | undefined, fail: Fail): void {
  if (cache === undefined || cache === UNKNOWN) return;
  if (!isProperties(cache)) return fail("cache", "got no object, wanted { from?, to?, sign? }");
  const { from, to, sign, ...others } = cache;
  for (const name of Object.keys(others)) fail(formatPath(["cache", name]), "unknown property, wanted from, to or sign");
  const given = typeof sign === "string" ? { key: sign } : sign;
  if (checkSign(given, "cache.sign", fail) && given !== undefined && !hasUnknown(given))
    saying("cache.sign", () => keyOf(given as SignOption, "cache.sign"), fail);
  const rows: (readonly [path: string, value: Value | undefined])[] = [["cache.to", to]];
  if (Array.isArray(from)) rows.push(...(from as readonly Value[]).map((value, at) => [`cache.from[${at}]`, value] as const));
  else rows.push(["cache.from", from]);
  for (const [path, value] of rows) {
    if (value === undefined || value === UNKNOWN) continue;
    if (typeof value !== "string") fail(path, "got no text, wanted a repository, as registry.example.com/team/cache");
    else saying(path, () => parseRepositoryName(value, path), fail);
  }
}

/** Checks `push`, and gives it the form in which it is stored. No message shows a key. */
export function checkPush(given: Value | undefined, fail: Fail): Value | undefined {
  const push = typeof given === "string" ? { to: given } : given;
  if (push === undefined || push === UNKNOWN) return push;
  if (!isProperties(push)) {
    fail("push", "got neither text nor an object, wanted a reference, or { to, sign? }");
    return push;
  }
  const { to, sign: givenSign, ...others } = push;
  for (const name of Object.keys(others)) fail(formatPath(["push", name]), "unknown property, wanted to or sign");
  const sign = typeof givenSign === "string" ? { key: givenSign } : givenSign;
  const isKnown = checkTexts({ "push.to": to }, fail) && checkSign(sign, "push.sign", fail) && !hasUnknown(push);
  const normal = { ...push, ...(sign !== undefined && { sign }) } as Properties;
  if (isKnown) saying("push", () => publicationOf(normal as unknown as PushOption), fail);
  return normal;
}

function checkSign(sign: Value | undefined, path: string, fail: Fail): boolean {
  if (sign === undefined || sign === UNKNOWN) return true;
  if (!isProperties(sign)) {
    fail(path, "got neither text nor an object, wanted a private key as PEM, or { key, passphrase? }");
    return false;
  }
  const { key, passphrase, ...others } = sign;
  for (const name of Object.keys(others)) fail(formatPath([...parsePath(path), name]), "unknown property, wanted key or passphrase");
  return checkTexts({ [`${path}.key`]: key, ...(passphrase !== undefined && { [`${path}.passphrase`]: passphrase }) }, fail);
}

function checkTexts(values: Readonly<Record<string, Value | undefined>>, fail: Fail): boolean {
  const wrong = Object.entries(values).filter(([, value]) => value !== UNKNOWN && typeof value !== "string");
  for (const [path, value] of wrong) fail(path, value === undefined ? "missing, wanted text" : "got no text");
  return wrong.length === 0;
}
