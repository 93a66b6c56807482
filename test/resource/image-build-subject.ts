import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { Properties } from "../../sdk/plugin/value.ts";
import type { ImageBuildInputs } from "../../sdk/resource/plugin/image-build-inputs.ts";
import { imageBuildType } from "../../sdk/resource/plugin/image-build.ts";
import { recordingBuilder } from "../support/builder.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

export const cacheDir = await mkdtemp(join(tmpdir(), "linuxkit-cache-"));
after(() => rm(cacheDir, { recursive: true, force: true }));

export const builder = recordingBuilder();
export const type = imageBuildType(builder, cacheDir);
export const subject = { urn: "urn:pulumi:test::probe::linuxkit:index:ImageBuild::web", name: "web" };
export const work = {
  ...subject,
  signal: new AbortController().signal,
  timeoutSeconds: 60,
  progress: () => {},
  config: {} as Properties,
  isSecret: (_path: string): boolean => false,
};

export const SERVICE = { image: "docker.io/library/nginx:1.27", capabilities: ["CAP_CHOWN"] };
export const IMAGE = { init: [], onboot: [], onshutdown: [], services: { web: SERVICE }, volumes: {}, files: [] };

export const PAIR = makeKeyPair();
export const SIGNED = { image: IMAGE, formats: ["raw-efi"], secureBoot: PAIR };

export const ARTIFACT = `registry.example.com/team/os@sha256:${"5".repeat(64)}`;
export const { privateKey: KEY, publicKey: PUBLIC_KEY } = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

export const check = async (inputs: Properties) =>
  (await type.check?.({ ...subject, inputs, isSecret: () => false })) as Required<Awaited<ReturnType<NonNullable<typeof type.check>>>>;
export const checked = async (inputs: Properties) => (await check(inputs)).inputs as unknown as ImageBuildInputs;
