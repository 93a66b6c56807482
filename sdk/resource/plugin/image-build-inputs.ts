import { z } from "zod";
import { ARCHES } from "../../core/arch.ts";
import { type Digest, isDigest } from "../../core/digest.ts";
import type { KeyedDefinition } from "../../definition/keyed-files.ts";
import { treePath } from "../../definition/fields.ts";
import { FORMATS, type FormatName, notMade } from "../../format/formats.ts";
import { input, resourceInputs } from "../../plugin/input.ts";
import { DEBIAN_MIRRORS } from "./debian-mirrors.ts";

const pem = z.string("text as PEM");

const limit = z.int("a whole number").min(1, "at least 1").optional();

const url = z.string().refine((value) => /^https?:\/\/[^/\s]/.test(value) && URL.canParse(value), "an http:// or https:// URL");

const mirror = (name: keyof typeof DEBIAN_MIRRORS) => input(DEBIAN_MIRRORS[name], url.optional(), { onChange: "ignore" });

const format = z.enum(Object.keys(FORMATS) as [FormatName, ...FormatName[]], {
  error: ({ input }) => (typeof input === "string" ? notMade(input) : undefined),
});

/** A private key; one alone is short for `{ key }`. */
const sign = z.union([
  z.string().transform((key): { key: string; passphrase?: string | undefined } => ({ key })),
  z.strictObject({
    key: input("PKCS #8, PEM.", pem),
    passphrase: input("The key's passphrase.", z.string().optional()),
  }),
]);

/** Where it is published; a reference alone is short for `{ to }`. */
const push = z.union([
  z.string().transform((to): { to: string; sign?: z.output<typeof sign> | undefined } => ({ to })),
  z.strictObject({
    to: input("A tag of a repository: registry.example.com/team/os:1.2.", z.string()),
    sign: input("Signs it as cosign does.", sign.optional(), { secret: true }),
  }),
]);

/** Inputs of `linuxkit:index:ImageBuild`: what the engine stores, compares and shows. */
export const imageBuildInputs = resourceInputs(
  "Builds an operating system image from its definition, in the provider itself: no Docker, no root, no virtual machine.",
  {
    image: input(
      "The definition of the operating system: `spec` of an Image. Its files may be keyed by their paths.",
      z.custom<KeyedDefinition>(() => true).optional(),
    ),
    artifact: input(
      "A published operating system, registry/repository@sha256:…, instead of image: nothing is built.",
      z.string().optional(),
    ),
    formats: input("The formats to write. Default: kernel+initrd.", z.array(format).min(1).readonly().optional()),
    name: input(
      "What the files' names begin with. Default: the resource's name.",
      z
        .string()
        .regex(/^\w[\w.+-]*$/, "a file name of letters, digits and . _ + -")
        .optional(),
    ),
    arch: input("amd64, arm64 or s390x.", z.enum(ARCHES).default("amd64")),
    update: input(
      "`locked` keeps packages and tags as they were at the first build; `always` looks for newer ones.",
      z.enum(["locked", "always"]).optional(),
    ),
    diskMiB: input(
      "MiB that each disk has at least. Default: as few as hold its content.",
      z.int("a whole number of MiB").min(1, "at least 1 MiB").optional(),
    ),
    sbom: input(
      "Whether the SPDX document is written beside the files; { path } puts it into the operating system too, and { cyclonedx: true } writes a CycloneDX document as well. Default: true.",
      z
        .union(
          [
            z.boolean(),
            z.strictObject({
              path: input("Where it lies in the operating system.", treePath.optional()),
              cyclonedx: input("Whether a CycloneDX 1.6 document is written too. Default: false.", z.boolean().optional()),
            }),
          ],
          {
            error: "true, false or { path, cyclonedx }",
          },
        )
        .optional(),
    ),
    verify: input(
      "Public keys, PEM, by registry or repository: images from there must be signed by one of them.",
      z
        .record(z.string(), z.union([z.string(), z.array(z.string()).readonly()], { error: "a public key as PEM, or a list of them" }))
        .optional(),
    ),
    secureBoot: input(
      "Signs the EFI programs for Secure Boot, with an RSA key.",
      z
        .strictObject({
          key: input("The private key, PEM.", pem),
          certificate: input("The certificate that firmware trusts, PEM.", pem),
          passphrase: input("The key's passphrase.", z.string().optional()),
        })
        .optional(),
      { secret: true },
    ),
    push: input("Where it is published as an OCI artifact: a reference, or an object with the key that signs it.", push.optional()),
    cache: input(
      "Repositories in which machines share what they make.",
      z
        .strictObject({
          from: input("Repositories to read from, in this order.", z.union([z.string(), z.array(z.string()).readonly()]).optional()),
          to: input("The repository to write to.", z.string().optional()),
          sign: input("Signs what is written; only entries signed by this key are read.", sign.optional(), { secret: true }),
        })
        .optional(),
      { onChange: "ignore" },
    ),
    localImages: input(
      "The digest of each local image, by its reference.",
      z
        .record(
          z.string(),
          z.custom<Digest>((value) => typeof value === "string" && isDigest(value), "sha256: and 64 hexadecimal digits"),
        )
        .optional(),
    ),
    debianMirror: mirror("debianMirror"),
    debianSecurityMirror: mirror("debianSecurityMirror"),
    debianSnapshot: mirror("debianSnapshot"),
    limits: input(
      "What an image may use while its layers are unpacked.",
      z
        .strictObject({
          entries: input("Members of all layers together. Default: 1000000.", limit),
          bytes: input("Bytes of all layers together, uncompressed. Default: 64 GiB.", limit),
          ratio: input("How many times its compressed size a layer may expand to, beyond free. Default: 100.", limit),
          free: input("Bytes that a layer may expand to whatever its compressed size. Default: 1 GiB.", limit),
          metadataBytes: input("Bytes of names, link targets and attributes of all layers together. Default: 256 MiB.", limit),
        })
        .optional(),
      { onChange: "ignore" },
    ),
    registryMirrors: input("Registries to pull from instead, by registry.", z.record(z.string(), url).optional(), { onChange: "ignore" }),
  },
);

/** What a program gives. */
export type ImageBuildGiven = z.input<typeof imageBuildInputs>;

/** Checked inputs: every default filled in. */
export type ImageBuildInputs = z.output<typeof imageBuildInputs> & { readonly name: string };
