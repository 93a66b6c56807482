import type { Arch } from "../../core/arch.ts";
import { failuresThrownBy } from "../../core/failure.ts";
import { formatPath, parsePath, type Step } from "../../core/property-path.ts";
import { publicationOf, type PushOption } from "../../builder/publish.ts";
import { checkDefinition } from "../../definition/check-definition.ts";
import type { Definition } from "../../definition/definition.ts";
import { keyedSteps, keyFiles, listFiles } from "../../definition/keyed-files.ts";
import { hiddenFile } from "../../definition/hidden-files.ts";
import { hasOwnInit } from "../../definition/own-init.ts";
import { type SecureBootKey, signerOf } from "../../disk/signer.ts";
import { checkFormats, checkSigned } from "../../format/formats.ts";
import { checkInputs, type Fail, type Rule } from "../../plugin/check-inputs.ts";
import type { Checked } from "../../plugin/resource-type.ts";
import { hasUnknown, isProperties, type Properties, secret, UNKNOWN, type Value } from "../../plugin/value.ts";
import { parsePinned, parseRepositoryName } from "../../share/repository-name.ts";
import { keyOf, type SignOption } from "../../sign/key.ts";
import { checkRule } from "../../sign/verify-rules.ts";
import { type ImageBuildInputs, imageBuildInputs } from "./image-build-inputs.ts";
import { secretNames } from "./secret-names.ts";

/** Inputs that also apply to an artifact, which is built already. */
const BESIDE_ARTIFACT: readonly string[] = [
  "artifact",
  "name",
  "arch",
  "verify",
  "registryMirrors",
] satisfies readonly (keyof ImageBuildInputs)[];

/**
 * Checks and completes what a program gives. Unknown leaves stay unknown; each failure has its own path.
 *
 * @param resource the resource's name
 */
export function checkImageBuild(given: Properties, resource: string, isSecret?: (path: string) => boolean): Checked {
  const isBuilt = given.artifact === undefined || given.artifact === null;
  const wanted = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  const inputs = { ...(isBuilt && { formats: ["kernel+initrd"], update: "locked" }), name: resource, ...Object.fromEntries(wanted) };
  const image = isBuilt ? checkImage(inputs as Properties) : {};
  const checked = checkInputs(imageBuildInputs, inputs, {
    rules: [
      ...(isBuilt ? [] : [alone]),
      ...(image.rule ? [image.rule] : []),
      ...(isSecret ? [secretNames(isSecret)] : []),
      ...[artifact, formats, sbom, verify, secureBoot, push, cache],
    ],
    ...(isSecret && { isSecret }),
  });
  if (image.definition === undefined) return checked;
  const hidden = {
    is: (steps: readonly Step[]) => isSecret?.(formatPath(steps)) === true,
    mark: (value: unknown) => secret(value as Value),
  };
  return { ...checked, inputs: { ...checked.inputs, image: keyFiles(image.definition, hidden, ["image"]) as Value } };
}

/** The definition with its defaults, or what is wrong with it. */
function checkImage({ image }: Properties): { readonly definition?: Value; readonly rule?: Rule } {
  if (image === UNKNOWN) return {};
  if (image === undefined)
    return {
      rule: (_, fail) => fail(["image"], "missing, wanted the definition of an operating system, the `spec` of an Image; or an artifact"),
    };
  const checked = checkDefinition(listFiles(image));
  if ("definition" in checked) return { definition: checked.definition as unknown as Properties };
  return {
    rule: (_, fail) => {
      for (const { steps, message } of checked.failures) fail(["image", ...keyedSteps(image, steps)], message);
    },
  };
}

const alone: Rule = (inputs, fail) => {
  for (const name of Object.keys(inputs))
    if (!BESIDE_ARTIFACT.includes(name) && inputs[name] !== undefined)
      fail([name], "has no effect beside artifact, which is built already: leave out one of the two");
};

const artifact: Rule = (inputs, fail) => {
  if (typeof inputs.artifact === "string") tell(["artifact"], () => parsePinned(inputs.artifact as string, "artifact"), fail);
};

const formats: Rule = (inputs, fail) => {
  const names = knownTexts(inputs.formats);
  for (const [index, name] of names.entries())
    if (names.indexOf(name) < index) fail(["formats", index], `got ${JSON.stringify(name)} for the second time, wanted each once`);
  if (typeof inputs.arch === "string") tell(["formats"], () => checkFormats([...new Set(names)], inputs.arch as Arch), fail);
};

const sbom: Rule = ({ image, sbom: given }, fail) => {
  if (!isProperties(given) || typeof given.path !== "string" || !isProperties(image) || !hasOwnInit(image as unknown as Definition)) return;
  const hidden = hiddenFile(given.path);
  if (hidden !== undefined) fail(["sbom", "path"], `got ${JSON.stringify(given.path)}, which ${hidden}`);
};

const verify: Rule = (inputs, fail) => {
  if (!isProperties(inputs.verify)) return;
  for (const [name, keys] of Object.entries(inputs.verify))
    if (!hasUnknown(keys)) tell(["verify", name], () => checkRule(name, keys as string | readonly string[]), fail);
};

const secureBoot: Rule = (inputs, fail) => {
  const { secureBoot: given, formats: names, arch } = inputs;
  if (given === undefined) return;
  if (!hasUnknown(given)) tell(["secureBoot"], () => signerOf(given as unknown as SecureBootKey), fail);
  if (!hasUnknown(names) && typeof arch === "string") tell(["secureBoot"], () => checkSigned(knownTexts(names), arch as Arch), fail);
};

const push: Rule = (inputs, fail) => {
  if (inputs.push !== undefined && !hasUnknown(inputs.push))
    tell(["push"], () => publicationOf(inputs.push as unknown as PushOption), fail);
};

const cache: Rule = (inputs, fail) => {
  if (!isProperties(inputs.cache)) return;
  const { from, to, sign } = inputs.cache;
  if (sign !== undefined && !hasUnknown(sign)) tell(["cache", "sign"], () => keyOf(sign as unknown as SignOption, "cache.sign"), fail);
  if (typeof to === "string") tell(["cache", "to"], () => parseRepositoryName(to, "cache.to"), fail);
  if (typeof from === "string") tell(["cache", "from"], () => parseRepositoryName(from, "cache.from"), fail);
  if (Array.isArray(from))
    for (const [index, one] of (from as readonly Value[]).entries())
      if (typeof one === "string") tell(["cache", "from", index], () => parseRepositoryName(one, `cache.from[${index}]`), fail);
};

/** Reports what a check throws: at the error's own path, else at these steps. */
function tell(steps: readonly (string | number)[], check: () => unknown, fail: Fail): void {
  for (const { path, message } of failuresThrownBy(check)) fail(path === undefined ? steps : parsePath(path), message);
}

function knownTexts(value: Value | undefined): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
