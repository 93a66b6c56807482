import { formatPath, type Step } from "../../core/property-path.ts";
import { isLinuxKitError } from "../../core/errors.ts";
import type { ImageSource } from "../../definition/debian-image.ts";
import { isDeferred } from "../../core/deferred.ts";
import { parseReference, type RegistryReference } from "../../oci/reference.ts";
import { keysFor } from "../../sign/verify-rules.ts";
import type { Rules } from "../rule.ts";
import { list, type Subject } from "../subject.ts";

interface Source {
  readonly path: string;
  readonly image: Exclude<ImageSource, string> | RegistryReference | undefined;
  readonly text: string;
}

/** Rules on the sources of images: SP 800-190 4.1.5 and 4.2. */
export const IMAGE_RULES: Rules = {
  "image-tag": {
    sections: ["4.2.2"],
    level: "mandatory",
    holds: "no image is `latest`",
    check: (subject) =>
      fromRegistries(subject).flatMap(({ path, image, text }) =>
        image.digest !== undefined || (image.tag !== undefined && image.tag !== "latest" && !isUntagged(text))
          ? []
          : [
              {
                path,
                message: `${text} is the image that was pushed last`,
                remedy: `name a version, preferably with its digest: ${nameOf(image)}:VERSION@sha256:…`,
              },
            ],
      ),
  },
  "image-digest": {
    sections: ["4.2.2", "4.1.5"],
    level: "advisory",
    holds: "every image of a registry is pinned by digest",
    check: (subject) =>
      fromRegistries(subject).flatMap(({ path, image, text }) =>
        image.digest !== undefined
          ? []
          : [
              {
                path,
                message: `${text} has no digest: only the lock pins the image that the first build found`,
                remedy: `write ${nameOf(image)}${image.tag === undefined ? "" : `:${image.tag}`}@sha256:…, so that a review shows it`,
              },
            ],
      ),
  },
  "image-registry": {
    sections: ["4.1.5"],
    level: "mandatory",
    holds: "images come from allowed registries",
    check: (subject) => {
      const { registries } = subject.context;
      if (!registries) return [];
      return fromRegistries(subject).flatMap(({ path, image }) => {
        const full = nameOf(image);
        if (registries.some((allowed) => full === plain(allowed) || full.startsWith(`${plain(allowed)}/`))) return [];
        return [
          {
            path,
            message: `${full} is not in an allowed registry`,
            remedy: `copy it to one of ${registries.join(", ")}, or add its registry to \`registries\``,
          },
        ];
      });
    },
  },
  "image-signed": {
    sections: ["4.1.5"],
    level: "mandatory",
    holds: "the signature of every image of a registry is checked",
    check: (subject) =>
      fromRegistries(subject).flatMap(({ path, image }) =>
        isVerified(image, subject)
          ? []
          : [
              {
                path,
                message: `the signature of ${nameOf(image)} is not checked`,
                remedy: `set the public key of its publisher: verify: { ${JSON.stringify(nameOf(image))}: PEM }`,
              },
            ],
      ),
  },
  "registry-https": {
    sections: ["4.2.1"],
    level: "mandatory",
    holds: "registries are reached by https",
    check: ({ context }) =>
      Object.entries(context.registryMirrors ?? {}).flatMap(([registry, url]) =>
        insecure(url, formatPath(["registryMirrors", registry]), "an attacker on the network can serve another image for a tag"),
      ),
  },
  "mirror-https": {
    sections: ["4.2.1"],
    level: "advisory",
    holds: "Debian's mirrors are reached by https",
    check: ({ context }) =>
      (["debianMirror", "debianSecurityMirror"] as const).flatMap((name) =>
        insecure(context[name], name, "its indexes are signed, but an observer of the network learns which packages are installed"),
      ),
  },
  "whole-packages": {
    sections: ["4.1.2", "4.5.1"],
    level: "advisory",
    holds: "images made from packages contain only what their programs need",
    check: (subject) =>
      sources(subject).flatMap(({ path, image }) =>
        image && "debian" in image && !isDeferred(image.debian) && image.debian.dependencies === "all"
          ? [
              {
                path,
                message: "it has all dependencies with all of their files, including shells and tools that no service uses",
                remedy: 'leave out dependencies: "all", and add missing files with keep',
              },
            ]
          : [],
      ),
  },
};

function fromRegistries(subject: Subject): { readonly path: string; readonly image: RegistryReference; readonly text: string }[] {
  return sources(subject).flatMap(({ path, image, text }) => (image && "registry" in image ? [{ path, image, text }] : []));
}

function sources({ definition, containers, context }: Subject): Source[] {
  const found: Source[] = [];
  const add = (path: string, source: ImageSource | undefined): void => {
    if (source === undefined || isDeferred(source)) return;
    if (typeof source === "string") found.push({ path, image: registryOf(source), text: source });
    else found.push({ path, image: source, text: "" });
  };
  const { kernel, volumes } = definition;
  add("artifact", context.artifact);
  if (kernel && !isDeferred(kernel)) add("kernel.image", kernel.image);
  for (const [index, source] of list(definition.init).entries()) add(formatPath(["init", index]), source);
  for (const { container, at } of containers) add(at("image"), container.image);
  for (const [name, volume] of isDeferred(volumes) ? [] : Object.entries(volumes))
    add(formatPath(["volumes", name, "image"] as Step[]), volume.image);
  return found;
}

/** The reference to a registry; undefined for local images such as `oci:…`, which are pinned when the program runs. */
function registryOf(text: string): RegistryReference | undefined {
  try {
    const reference = parseReference(text);
    return "registry" in reference ? reference : undefined;
  } catch (error) {
    if (isLinuxKitError(error, "REFERENCE_INVALID")) return undefined;
    throw error;
  }
}

// the parser adds the default tag, so this looks at the text
function isUntagged(text: string): boolean {
  return !/:[^/]+$/.test(text.replace(/@.*$/, ""));
}

function nameOf({ registry, repository }: RegistryReference): string {
  return `${registry}/${repository}`;
}

function plain(registry: string): string {
  return registry.replace(/\/+$/, "");
}

function isVerified(image: RegistryReference, { context }: Subject): boolean {
  return keysFor(image, context.verify) !== undefined;
}

function insecure(url: string | undefined, path: string, why: string): { path: string; message: string; remedy: string }[] {
  if (typeof url !== "string" || !url.startsWith("http://") || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname))
    return [];
  const shown = url.replace(/^http:\/\/[^/?#]*@/, "http://");
  return [{ path, message: `${shown} is not encrypted: ${why}`, remedy: `use ${shown.replace(/^http:/, "https:")}` }];
}
