import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { inspect } from "node:util";
import type { ServiceError } from "@grpc/grpc-js";
import type { CheckResponse, CreateResponse, ReadResponse } from "@pulumi/pulumi/proto/provider_pb.js";
import { provider } from "../../providers/plugin/provider.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { parsePath, type Step } from "../../sdk/core/property-path.ts";
import { definitionSchema } from "../../sdk/definition/definition.ts";
import { loadProtos } from "../../sdk/plugin/protos.ts";
import type { AnyResourceType } from "../../sdk/plugin/provider.ts";
import { secretTexts } from "../../sdk/plugin/secret-texts.ts";
import { startServer } from "../../sdk/plugin/serve.ts";
import { decode, encode } from "../../sdk/plugin/struct.ts";
import { isProperties, type Properties, secret, type Value } from "../../sdk/plugin/value.ts";
import { imageBuildType } from "../../sdk/resource/plugin/image-build.ts";
import { recordingBuilder } from "../support/builder.ts";
import { KINDS, leakOf, pathsOf, planted } from "../support/planted.ts";
import { Random, seed } from "../support/random.ts";

const SEED = seed();
const random = new Random(SEED);
const protos = loadProtos();
const { provider: messages } = protos;
const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];

const IMAGE = {
  kernel: { image: "linuxkit/kernel:6.6" },
  init: ["linuxkit/init:1"],
  onboot: [{ name: "dhcp", image: "linuxkit/dhcpcd:1" }],
  onshutdown: [{ name: "last", image: "alpine:3" }],
  services: { web: { image: "nginx:1.27" } },
  volumes: {},
  files: [{ path: "etc/motd", contents: "" }],
};
/** Inputs with which a check comes further than to what is missing. */
const BASES: Readonly<Record<string, Properties>> = {
  "linuxkit:index:ImageBuild": { image: IMAGE },
  "linuxkit:index:QemuVm": { kernel: "/k", initrd: "/i", digest: "d" },
  "linuxkit:index:QemuDisk": { sizeMiB: 1 },
  "linuxkit:index:QemuNetwork": { cidr: "10.77.0.0/24" },
};

const cacheDir = await mkdtemp(join(tmpdir(), "linuxkit-secrets-"));
after(() => rm(cacheDir, { recursive: true, force: true }));
const builder = recordingBuilder();
const serving = await startServer({
  ...provider,
  types: { ...provider.types, "linuxkit:index:ImageBuild": async () => imageBuildType(builder, cacheDir) },
});
const shown: string[] = [];
serving.exchange.engine = {
  sink: () => ({ show: (line) => shown.push(line), keep: (line) => shown.push(line) }),
  flushed: async () => {},
  warn: () => {},
  isGone: () => false,
  close: () => {},
};
const client = new protos.providerService.ResourceProviderClient(`127.0.0.1:${serving.port}`, protos.grpc.credentials.createInsecure());
after(async () => {
  client.close();
  await serving.stop();
});

function ask<Response>(method: "check" | "create" | "read" | "update", fields: Record<string, unknown>): Promise<Response> {
  const { CheckRequest: check, CreateRequest: create, ReadRequest: read, UpdateRequest: update } = messages;
  const Class = { check, create, read, update }[method];
  const request = new Class();
  for (const [name, value] of Object.entries(fields))
    (request as unknown as Record<string, (value: unknown) => void>)[`set${name}`]?.(value);
  return new Promise((resolve, reject) => {
    (client[method] as unknown as (request: unknown, done: (error: ServiceError | null, response: Response) => void) => void).call(
      client,
      request,
      (error, response) => (error ? reject(error) : resolve(response)),
    );
  });
}

/** What the engine may show of properties: all that is not a secret. */
function open(struct: Parameters<typeof decode>[0]): string {
  const { properties, secretPaths } = decode(struct);
  const without = [...secretPaths].reduce<Value>((all, path) => planted(all, parsePath(path), "[secret]"), properties);
  return `${JSON.stringify(without)} ${texts(without).join(" ")}`;
}

function texts(value: Value | undefined): string[] {
  if (typeof value === "string") return [value];
  return isProperties(value) || Array.isArray(value) ? Object.values(value as object).flatMap(texts) : [];
}

/** The inputs of every resource type: one path each. */
async function inputsOf(token: string): Promise<{ readonly base: Properties; readonly paths: Step[][] }[]> {
  const type = (await provider.types[token]?.()) as AnyResourceType;
  const forms = type.forms ? await type.forms() : [type];
  const gates = ["aws", "gcp", "azure", "qemu"];
  return forms.map(({ inputs }, index) => {
    const paths = inputs ? pathsOf(inputs) : [];
    if (token.endsWith("ImageBuild")) paths.push(...pathsOf(definitionSchema).map((path) => ["image", ...path]));
    return { base: { ...BASES[token], ...(forms.length > 1 && { kind: gates[index] as string }) }, paths: [...paths, ["unknown"]] };
  });
}

/** Makes a build of checked inputs, and forgets it: what its outputs, its files' names and its import show. */
async function shownOfBuild(urn: string, checked: CheckResponse): Promise<string[]> {
  const state = (await ask<CreateResponse>("create", { Urn: urn, Properties: checked.getInputs() })).getProperties();
  const { digest, path } = decode(state).properties as { digest: string; path: string };
  const names = (await readdir(path)).join(" ");
  // another process imports it
  Object.assign(serving.exchange, { secrets: secretTexts() });
  const found = await ask<ReadResponse>("read", { Urn: urn, Id: digest });
  await rm(path, { recursive: true });
  builds++;
  return [open(state), names, open(found.getInputs()), open(found.getProperties())];
}
let builds = 0;

describe(`no secret is shown (TEST_SEED=${SEED})`, () => {
  let [plantings, failed, accepted] = [0, 0, 0];
  const inputs = new Set<string>();

  for (const token of Object.keys(provider.types)) {
    test(`by a check of ${token}, whichever input it is in`, { timeout: 240_000 }, async () => {
      const urn = `urn:pulumi:test::probe::${token}::web`;
      for (const { base, paths } of await inputsOf(token)) {
        assert.ok(paths.length > 1, token);
        for (const path of paths) {
          if (path[0] === "kind") continue;
          inputs.add(`${token} ${path.join(".")}`);
          // a definition has so many values that each gets one secret
          for (const kind of path[0] === "image" ? [random.pick(kinds)] : kinds) {
            const text = KINDS[kind](random);
            plantings++;
            // a process of the engine's sees one stack, not thousands of secrets
            Object.assign(serving.exchange, { secrets: secretTexts() });
            const properties = planted(base, path, secret(text)) as Properties;
            const response = await ask<CheckResponse>("check", { Urn: urn, News: encode(protos, properties) });
            const failures = response.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
            if (failures.length > 0) failed++;
            else accepted++;
            const inputs = decode(response.getInputs()).properties;
            for (const failure of response.getFailuresList()) {
              // the engine prints what is there, with its secrets
              const printed = inputs[failure.getProperty()];
              assert.equal(printed, undefined, `the engine prints ${failure.getProperty()}`);
            }
            for (const output of [...failures, open(response.getInputs())])
              assert.equal(leakOf(output, text), undefined, `${token} ${path.join(".")}: ${kind} ${JSON.stringify(text)} in ${output}`);
            if (failures.length > 0 || !token.endsWith("ImageBuild")) continue;
            for (const output of await shownOfBuild(urn, response))
              assert.equal(leakOf(output, text), undefined, `${path.join(".")}: ${kind} ${JSON.stringify(text)} in ${output}`);
          }
        }
      }
    });
  }

  test("of at least 2000 that were planted, most of them refused and some taken", (context) => {
    context.diagnostic(`${plantings} secrets in ${inputs.size} inputs, ${failed} refused, ${accepted} taken, ${builds} built and imported`);
    assert.ok(plantings >= 2000, `${plantings}`);
    assert.ok(failed > plantings / 2 && accepted > 100, `${failed} ${accepted}`);
    assert.ok(builds > 50, `${builds}`);
  });

  test("by the progress, the error, the outputs and the next preview of a build", { timeout: 240_000 }, async () => {
    const urn = "urn:pulumi:test::probe::linuxkit:index:ImageBuild::web";
    let count = 0;
    for (const kind of kinds) {
      // a command line is one line
      if (kind === "lines" || kind === "control") continue;
      for (let round = 0; round < 2; round++) {
        Object.assign(serving.exchange, { secrets: secretTexts() });
        const text: string = KINDS[kind](random);
        const cmdline: string = `console=ttyS0 ${text} quiet`;
        const news = encode(protos, {
          image: { ...IMAGE, kernel: { image: "x", cmdline: secret(cmdline) } },
          formats: ["kernel+initrd"],
          name: "web",
          arch: "amd64",
          update: "locked",
        });
        const { build } = builder;
        shown.length = 0;
        const ways: ((said: string) => string)[] = [
          String,
          (said) => JSON.stringify(said),
          encodeURIComponent,
          (said) => Buffer.from(said).toString("base64"),
          (said) => inspect(said),
        ];
        for (const say of ways) {
          const said = say(cmdline);
          const act = async (message: string): Promise<string> => {
            try {
              builder.build = async (_, { onProgress }) => {
                onProgress({ stage: "build", message, lasting: true });
                throw say === String ? new LinuxKitError("NOT_FOUND", message, { what: message }) : new Error(message);
              };
              await ask("create", { Urn: urn, Properties: news });
              return "no failure";
            } catch (error) {
              return (error as ServiceError).details;
            }
          };
          for (const message of [said, `${said.slice(0, Math.floor(said.length * 0.7))}…`]) {
            const details = await act(message);
            assert.match(details, /\[secret\]/);
            for (const output of [details, ...shown])
              assert.equal(leakOf(output, text), undefined, `${kind} ${JSON.stringify(text)} in ${output}`);
            count++;
          }
        }
        builder.build = build;
        const created = await ask<CreateResponse>("create", { Urn: urn, Properties: news });
        const state = created.getProperties();
        assert.equal(decode(state).properties.cmdline, cmdline);
        const preview = await ask<CreateResponse>("update", { Urn: urn, News: news, OldInputs: news, Olds: state, Preview: true });
        for (const output of [open(state), open(preview.getProperties()), ...shown])
          assert.equal(leakOf(output, text), undefined, `${kind} ${JSON.stringify(text)} in ${output}`);
      }
    }
    assert.ok(count >= 180);
  });
});
