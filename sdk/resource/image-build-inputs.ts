import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
// this module only: the whole SDK would take 60 MB more memory in every program that only builds
import { type Input, output, secret } from "@pulumi/pulumi/output.js";
import { BlobStore } from "../cache/blob-store.ts";
import { defaultCacheDir } from "../cache/location.ts";
import { openSession } from "../cache/session.ts";
import { isDeferred } from "../core/deferred.ts";
import { LinuxKitError } from "../core/errors.ts";
import { listedReader, type ReadListed } from "../builder/local-files.ts";
import type { Definition } from "../definition/definition.ts";
import { type Members, overFileLists } from "../definition/keyed-files.ts";
import type { ImageBuildArgs, SignInput } from "./image-build-args.ts";
import { localImages } from "./local-images.ts";

/** What the plugin gets of an `ImageBuild`. @throws INVALID_DEFINITION, NOT_FOUND */
export function inputsOf(resource: string, args: ImageBuildArgs): Record<string, unknown> {
  const projectDir = projectFolder();
  const { image, format, formats, secureBoot, push, cache, ...rest } = args;
  if ((image === undefined) === (args.artifact === undefined)) {
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `image build "${resource}": got ${image ? "both image and artifact" : "neither image nor artifact"}, wanted one of them`,
      { path: "image" },
    );
  }
  const local = image ? localImages(image.spec, projectDir) : {};
  return {
    ...(image && { image: withoutSources(withSecretKey(image.spec), projectDir) }),
    formats: formats ?? (format === undefined ? undefined : [format]),
    ...(Object.keys(local).length > 0 && { localImages: local }),
    ...(secureBoot && {
      secureBoot: {
        ...secureBoot,
        key: secret(secureBoot.key),
        ...(secureBoot.passphrase !== undefined && { passphrase: secret(secureBoot.passphrase) }),
      },
    }),
    ...(push !== undefined && { push: pushInput(push) }),
    ...(cache && { cache: { ...cache, ...(cache.sign !== undefined && { sign: signInput(cache.sign) }) } }),
    ...rest,
  };
}

/** The definition with the key of the interface as a secret. */
function withSecretKey(definition: Definition): Definition {
  const { api } = definition;
  if (api === undefined) return definition;
  // an Output is an input like any other
  const hidden: unknown = isDeferred(api) ? secret(api) : { ...api, key: secret(api.key) };
  return { ...definition, api: hidden as Definition["api"] & object };
}

/** Where to publish, with key and passphrase as secrets. */
function pushInput(push: NonNullable<ImageBuildArgs["push"]>): unknown {
  if (typeof push === "string" || isDeferred(push)) return { to: push };
  // what no type allows goes on to the check, which names it
  const { to, sign, ...rest } = push as Exclude<typeof push, Input<string>>;
  return { to, ...rest, ...(sign !== undefined && { sign: signInput(sign) }) };
}

function signInput(sign: SignInput): unknown {
  const { key, passphrase, ...rest } =
    typeof sign === "string" || isDeferred(sign) ? { key: sign as Input<string> } : (sign as Exclude<typeof sign, Input<string>>);
  return { ...rest, key: secret(key), ...(passphrase !== undefined && { passphrase: secret(passphrase) }) };
}

/**
 * The nearest folder above the program that holds Pulumi.yaml; without one, as in a unit test, the working directory.
 * Pulumi's own `getRootDirectory` answers "rootDirectory" where the language host is older than the SDK.
 */
function projectFolder(): string {
  const start = process.cwd();
  for (let folder = start; ; folder = dirname(folder)) {
    if (["Pulumi.yaml", "Pulumi.yml"].some((name) => existsSync(join(folder, name)))) return folder;
    if (folder === dirname(folder)) return start;
  }
}

/** The session of this process. */
let session: Disposable | undefined;

/** Opens it once. It ends with the process. */
function keepCache(): void {
  if (session) return;
  const opened = openSession(defaultCacheDir());
  process.once("exit", () => opened[Symbol.dispose]());
  session = opened;
}

/** The definition with every local file read: text, or the sha256 of what is now in the cache. */
function withoutSources(spec: Definition, projectDir: string): unknown {
  const places = { projectDir, store: new BlobStore(defaultCacheDir()) };
  return overFileLists(spec as unknown as Members, [], (part, steps) => {
    // a list that is an Output as a whole is read by the builder
    if (!Array.isArray(part.files) || part.files.length === 0) return part;
    const files = part.files as Parameters<ReadListed>;
    const isOwn = steps.length === 0;
    if (!isOwn && !files.some((file) => !isDeferred(file) && file.source !== undefined)) return part;
    // the plugin reads what is stored here, maybe much later: it stays in the cache while the program runs
    keepCache();
    const reader = listedReader(steps, places);
    const isLater = files.some((file) => (isOwn || !isDeferred(file)) && isDeferred(file.source));
    const read = (list: Parameters<ReadListed>): unknown[] => list.flatMap((file) => (isDeferred(file) ? [file] : reader(file)));
    return { ...part, files: isLater ? output(files).apply((list) => read(list as Parameters<ReadListed>)) : read(files) };
  });
}
