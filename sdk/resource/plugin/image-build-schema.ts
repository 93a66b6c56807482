import type { TypeSchema } from "../../plugin/resource-type.ts";
import { DEBIAN_MIRRORS } from "./debian-mirrors.ts";

const text = (description: string) => ({ type: "string", description });
const list = (description: string, items: { readonly type: string } | { readonly $ref: string }) => ({ type: "array", items, description });
const ANY = { $ref: "pulumi.json#/Any" };

/** `linuxkit:index:ImageBuild` as Pulumi's package schema has it. */
export const imageBuildSchema: TypeSchema = {
  description: "Builds an operating system image from its definition, in the provider itself: no Docker, no root, no virtual machine.",
  inputProperties: {
    image: { ...ANY, description: "The definition of the operating system: `spec` of an Image." },
    artifact: text("An operating system that was published, registry/repository@sha256:…, instead of image: nothing is built."),
    formats: list("The formats to write; kernel+initrd when there is none.", { type: "string" }),
    name: text("What the files' names begin with; the resource's name when there is none."),
    arch: text("amd64, arm64 or s390x; amd64 when there is none."),
    update: text("`locked` keeps packages and tags as they were at the first build; `always` looks for newer ones."),
    diskMiB: { type: "integer", description: "MiB that each disk has at least; as few as hold its content when it is not given." },
    sbom: { ...ANY, description: "Whether the SPDX document is written beside the files; { path } puts it into the operating system too." },
    verify: {
      type: "object",
      additionalProperties: ANY,
      description: "Public keys, PEM, by registry or repository: images from there must be signed by one of them.",
    },
    secureBoot: {
      type: "object",
      additionalProperties: { type: "string" },
      secret: true,
      description:
        "Signs the EFI programs for Secure Boot: { key, certificate, passphrase? }, an RSA key and the certificate that firmware trusts, PEM.",
    },
    push: {
      ...ANY,
      description: "Where it is published as an OCI artifact: a reference, or { to, sign: { key, passphrase } } to sign it as cosign does.",
    },
    cache: {
      ...ANY,
      description: "Repositories in which machines share what they make: { from, to }, and with { sign: { key, passphrase } } signed.",
    },
    localImages: { type: "object", additionalProperties: { type: "string" }, description: "What each local image is, by its reference." },
    ...Object.fromEntries(Object.entries(DEBIAN_MIRRORS).map(([name, description]) => [name, text(description)])),
    registryMirrors: {
      type: "object",
      additionalProperties: { type: "string" },
      description: "Registries to pull from instead, by registry.",
    },
  },
  requiredInputs: [],
  properties: {
    digest: text("Names what was built, and changes when a byte of it does."),
    planDigest: text("sha256 of the plan: what the operating system is, in any format."),
    arch: text("The architecture."),
    cmdline: text("The kernel's command line."),
    path: text("The folder of the files on the machine that built last."),
    files: list("Role, name, size and sha256 of each file; of a disk for AWS or Azure also its blocks, which an upload compares.", ANY),
    segments: list("Name and size of each part of the root filesystem.", ANY),
    pcrs: {
      type: "object",
      additionalProperties: { type: "string" },
      description:
        "For formats of one EFI program: registers 4, 9 and 11 of a machine's TPM after the start, sha256, with Secure Boot on when it is signed.",
    },
    pushed: text("Where it was published: registry/repository@sha256:…, which artifact takes."),
    lock: { ...ANY, description: "What every package and tag stood for." },
  },
  required: ["digest", "planDigest", "arch", "cmdline", "path", "files", "segments", "lock"],
};
