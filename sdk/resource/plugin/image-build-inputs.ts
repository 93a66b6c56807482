import { ARCHES, type Arch } from "../../core/arch.ts";
import type { Digest } from "../../core/digest.ts";
import { formatPath } from "../../core/property-path.ts";
import { checkDefinition } from "../../definition/check-definition.ts";
import type { Definition } from "../../definition/definition.ts";
import { type SecureBootKey, signerOf } from "../../disk/signer.ts";
import { checkRule, type VerifyRules } from "../../sign/verify-rules.ts";
import { isLinuxKitError, type LinuxKitErrorCode } from "../../core/errors.ts";
import type { SbomOption } from "../../builder/with-sbom.ts";
import { plainPath } from "../../definition/file.ts";
import { checkFormats as checkTogether, checkSigned, FORMATS, type FormatName } from "../../format/formats.ts";
import type { CheckFailure, Checked } from "../../plugin/resource-type.ts";
import { hasUnknown, isProperties, type Properties, UNKNOWN, type Value } from "../../plugin/value.ts";
import type { CacheOption } from "../../share/registry-cache.ts";
import { DEBIAN_MIRRORS } from "./debian-mirrors.ts";
import { type Fail, saying } from "./fail.ts";
import { checkArtifact, checkCache, checkPush, type PushInput } from "./image-build-share.ts";

/** Checked inputs of `linuxkit:index:ImageBuild`: what the engine stores, compares and shows. */
export interface ImageBuildInputs {
  /** The whole operating system, every default filled in; absent with `artifact`. */
  readonly image?: Definition;
  /** An operating system that was published, by its digest: `registry/repository@sha256:…`. Nothing is built then. */
  readonly artifact?: string;
  /** @default ["kernel+initrd"]; with `artifact`, what that has */
  readonly formats?: readonly FormatName[];
  /** MiB that each disk has at least. @default as few as hold its content */
  readonly diskMiB?: number;
  /** What the files' names begin with. @default the resource's name */
  readonly name: string;
  /** @default "amd64" */
  readonly arch: Arch;
  /** `always` looks for newer packages and moved tags at each update. @default "locked" */
  readonly update?: "locked" | "always";
  /** @default true */
  readonly sbom?: SbomOption;
  /** Public keys, PEM, by registry or repository. */
  readonly verify?: VerifyRules;
  /** Key and passphrase are secrets. @default nothing is signed */
  readonly secureBoot?: SecureBootKey;
  /** Where it is published. @default nowhere */
  readonly push?: PushInput;
  /** By local reference, what it was when the program ran. */
  readonly localImages?: Readonly<Record<string, Digest>>;
  /** Where bytes are fetched from. None of these is compared: they decide nothing about what the bytes are. */
  readonly debianMirror?: string;
  readonly debianSecurityMirror?: string;
  readonly debianSnapshot?: string;
  /** Registries to pull from instead, by registry. */
  readonly registryMirrors?: Readonly<Record<string, string>>;
  /** Repositories in which machines share what they make. */
  readonly cache?: CacheOption;
}

/** Inputs that say where bytes come from, and not which. */
export const ORIGINS: readonly string[] = [...Object.keys(DEBIAN_MIRRORS), "registryMirrors", "cache"];

const KNOWN = [
  "image",
  "artifact",
  "formats",
  "name",
  "arch",
  "update",
  "diskMiB",
  "sbom",
  "verify",
  "secureBoot",
  "push",
  "localImages",
  ...ORIGINS,
];

type Rule = (value: Value) => string | undefined;

const oneOf =
  (wanted: readonly string[]): Rule =>
  (value) =>
    wanted.includes(value as string) ? undefined : `got ${shown(value)}, wanted ${wanted.join(" or ")}`;

const url: Rule = (value) => (typeof value === "string" && URL.canParse(value) ? undefined : `got ${shown(value)}, wanted a URL`);

const RULES: Readonly<Record<string, Rule>> = {
  arch: oneOf(ARCHES),
  update: oneOf(["locked", "always"]),
  diskMiB: (value) =>
    Number.isSafeInteger(value) && (value as number) > 0 ? undefined : `got ${shown(value)}, wanted a whole number of MiB`,
  name: (value) =>
    typeof value === "string" && /^\w[\w.+-]*$/.test(value)
      ? undefined
      : `got ${shown(value)}, wanted a file name of letters, digits and . _ + -`,
  ...Object.fromEntries(Object.keys(DEBIAN_MIRRORS).map((name) => [name, url])),
};

/**
 * Checks and completes what a program gives. Unknown leaves stay unknown; each failure has its own path.
 *
 * @param resource the resource's name
 * @param formats the formats that the builder knows
 */
export function checkImageBuild(given: Properties, resource: string, formats: readonly FormatName[]): Checked {
  const isBuilt = given.artifact !== undefined && given.artifact !== null;
  const inputs: Record<string, Value | undefined> = {
    ...(!isBuilt && { formats: ["kernel+initrd"], update: "locked" }),
    name: resource,
    arch: "amd64",
  };
  for (const [name, value] of Object.entries(given)) if (value !== undefined && value !== null) inputs[name] = value;
  const failures: CheckFailure[] = [];
  const fail: Fail = (path, message) => void (message !== undefined && failures.push({ path, message }));

  for (const name of Object.keys(inputs)) if (!KNOWN.includes(name)) fail(name, `unknown property, wanted one of ${KNOWN.join(", ")}`);
  for (const [name, rule] of Object.entries(RULES)) {
    const value = inputs[name];
    if (value !== undefined && value !== UNKNOWN) fail(name, rule(value));
  }
  if (isBuilt) {
    checkArtifact(inputs, fail);
    checkMirrors(inputs.registryMirrors, fail);
    checkVerify(inputs.verify, fail);
    return { inputs, failures };
  }
  checkFormats(inputs.formats, inputs.arch, formats, fail);
  checkMirrors(inputs.registryMirrors, fail);
  checkSbom(inputs.sbom, fail);
  checkVerify(inputs.verify, fail);
  checkSecureBoot(inputs, fail);
  checkCache(inputs.cache, fail);
  const push = checkPush(inputs.push, fail);
  if (push !== undefined) inputs.push = push;
  inputs.image = checkImage(inputs.image, fail);
  return { inputs, failures };
}

function checkImage(image: Value | undefined, fail: Fail): Value | undefined {
  if (image === UNKNOWN) return image;
  if (image === undefined) fail("image", "missing, wanted the definition of an operating system, the `spec` of an Image; or an artifact");
  else {
    const checked = checkDefinition(image);
    if ("definition" in checked) return checked.definition as unknown as Properties;
    for (const { path, message } of checked.failures) fail(path === "" || path.startsWith("[") ? `image${path}` : `image.${path}`, message);
  }
  return image;
}

function checkFormats(value: Value | undefined, arch: Value | undefined, known: readonly string[], fail: Fail): void {
  if (value === UNKNOWN) return;
  if (!Array.isArray(value) || value.length === 0) {
    fail("formats", `got ${shown(value)}, wanted a list of ${known.join(", ")}`);
    return;
  }
  for (const [index, format] of value.entries()) {
    if (format !== UNKNOWN)
      fail(
        `formats[${index}]`,
        value.indexOf(format) < index ? `got ${shown(format)} for the second time` : formatFailure(format as Value, known),
      );
  }
  const formats = value.filter((format): format is string => known.includes(format as string));
  if (ARCHES.includes(arch as Arch))
    fail(
      "formats",
      saidBy(() => checkTogether([...new Set(formats)], arch as Arch)),
    );
}

/** A format of LinuxKit's that is not made says what to use. */
function formatFailure(format: Value, known: readonly string[]): string | undefined {
  const instead =
    typeof format === "string" && !known.includes(format) ? saidBy(() => checkTogether([format], "amd64"), "UNSUPPORTED") : undefined;
  return instead ?? oneOf(known)(format);
}

function saidBy(check: () => unknown, code?: LinuxKitErrorCode): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!isLinuxKitError(error)) throw error;
    return code === undefined || error.code === code ? error.message.replace(/^formats?: /, "") : undefined;
  }
}

function checkMirrors(value: Value | undefined, fail: Fail): void {
  if (value === undefined || value === UNKNOWN) return;
  if (!isProperties(value)) {
    fail("registryMirrors", `got ${shown(value)}, wanted mirrors by registry`);
    return;
  }
  for (const [registry, mirror] of Object.entries(value)) {
    if (mirror !== undefined && mirror !== UNKNOWN) fail(formatPath(["registryMirrors", registry]), url(mirror));
  }
}

function checkSbom(value: Value | undefined, fail: Fail): void {
  if (value === undefined || value === UNKNOWN || typeof value === "boolean") return;
  const path = isProperties(value) ? value.path : undefined;
  if (path === UNKNOWN) return;
  const escapes = typeof path !== "string" || plainPath(path) === "" || path.split("/").includes("..");
  if (!isProperties(value) || Object.keys(value).length !== 1 || escapes)
    fail("sbom", `got ${shown(isProperties(value) ? path : value)}, wanted true, false or { path } with a path in the operating system`);
}

function checkVerify(value: Value | undefined, fail: Fail): void {
  if (value === undefined || value === UNKNOWN) return;
  if (!isProperties(value)) {
    fail("verify", `got ${shown(value)}, wanted public keys by registry or repository`);
    return;
  }
  for (const [name, keys] of Object.entries(value)) {
    if (hasUnknown(keys)) continue;
    const path = formatPath(["verify", name]);
    const isText = (key: unknown): key is string => typeof key === "string";
    if (!isText(keys) && !(Array.isArray(keys) && keys.every(isText))) {
      fail(path, `got ${shown(keys)}, wanted a public key as PEM, or a list of them`);
      continue;
    }
    try {
      checkRule(name, keys as string | string[]);
    } catch (error) {
      if (!isLinuxKitError(error)) throw error;
      fail(path, error.message.replace(/^verify\[.*?\]: /, ""));
    }
  }
}

/** No message shows a value: two of the three are secrets. */
function checkSecureBoot({ secureBoot, formats, arch }: Readonly<Record<string, Value | undefined>>, fail: Fail): void {
  if (secureBoot === undefined || secureBoot === UNKNOWN) return;
  if (!isProperties(secureBoot)) {
    fail("secureBoot", "got no object, wanted { key, certificate, passphrase? }, each as text");
    return;
  }
  const { key, certificate, passphrase, ...others } = secureBoot;
  for (const name of Object.keys(others)) fail(formatPath(["secureBoot", name]), "unknown property, wanted key, certificate or passphrase");
  const wanted = { key, certificate, ...(passphrase !== undefined && { passphrase }) };
  let isKnown = true;
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== UNKNOWN && typeof value !== "string")
      fail(`secureBoot.${name}`, `${value === undefined ? "missing" : "got no text"}, wanted ${name === "passphrase" ? "text" : "PEM"}`);
    isKnown &&= typeof value === "string";
  }
  if (isKnown) saying("secureBoot", () => signerOf(secureBoot as unknown as SecureBootKey), fail);
  if (
    Array.isArray(formats) &&
    formats.every((format) => typeof format === "string" && Object.hasOwn(FORMATS, format)) &&
    ARCHES.includes(arch as Arch)
  )
    saying("secureBoot", () => checkSigned(formats as string[], arch as Arch), fail);
}

function shown(value: Value | undefined): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (isProperties(value)) return "an object";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
