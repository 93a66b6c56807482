import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { sources } from "../support/imports.ts";

const BACKENDS = ["aws", "gcp", "azure", "qemu"] as const;
const CLOUDS = BACKENDS.slice(0, 3);

const ROOT = new URL("../../", import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, ROOT), "utf8");

interface Piece {
  readonly what: string;
  readonly pattern: RegExp;
  /** The file that has it for every backend. */
  readonly home: string;
  /** Files of a backend that may have it too, because theirs means something else. @default none */
  readonly except?: readonly string[];
}

const SHARED: readonly Piece[] = [
  { what: "running a rollout", pattern: /\brunRollout\(/, home: "sdk/rollout/gate-type.ts" },
  { what: "the lock around an upload", pattern: /\boneAtATime\(/, home: "sdk/upload/plugin/upload-type.ts" },
  {
    what: "keeping a build's files while they are used",
    pattern: /\bwithArtifactFiles\(/,
    home: "sdk/upload/plugin/upload-type.ts",
    except: ["providers/qemu/plugin/gate.ts", "providers/qemu/plugin/vm.ts"],
  },
  {
    what: "the latest credentials of a resource",
    pattern: /\bnew LatestAccess\b/,
    home: "sdk/upload/plugin/upload-type.ts",
    except: ["providers/gcp/plugin/image.ts"],
  },
  { what: "the previous inputs of an upload", pattern: /\bbefore\.(?:get|set)\(/, home: "sdk/upload/plugin/upload-type.ts" },
  { what: "undoing a failed upload", pattern: /AbortSignal\.timeout\((?:undoMs|UNDO_MS)\)/, home: "sdk/upload/journaled-upload.ts" },
  { what: "the field for a digest", pattern: /\bisDigest\(|\bdigest = z\./, home: "sdk/plugin/fields.ts" },
  { what: "the field for text", pattern: /\btext = z\./, home: "sdk/plugin/fields.ts" },
  { what: "the field for tags", pattern: /\btags: z\.record\((?!text, z\.string\(\)\))|\btags = \(/, home: "sdk/plugin/fields.ts" },
  { what: "refusing a fleet's volumes", pattern: /"volumes" in/, home: "sdk/machine/volumes.ts" },
  { what: "the loop over a machine's volumes", pattern: /\bprotect = true\b/, home: "sdk/machine/volumes.ts" },
  { what: "the choice of a machine image", pattern: /wanted one of image, build and machineImage/, home: "sdk/machine/source.ts" },
  { what: "tags for secret references", pattern: /\bsecretTags\(/, home: "sdk/machine/secret-tags.ts" },
  { what: "the argument machineImage", pattern: /^ {2}readonly machineImage\?:/m, home: "sdk/machine/args.ts" },
  { what: "the argument retainOnDelete", pattern: /^ {2}readonly retainOnDelete\?:/m, home: "sdk/machine/args.ts" },
  { what: "the argument protect", pattern: /^ {2}readonly protect\?:/m, home: "sdk/machine/args.ts" },
  { what: "the argument sizeGiB", pattern: /^ {2}readonly sizeGiB: Input</m, home: "sdk/machine/args.ts" },
  {
    what: "the argument count",
    pattern: /^ {2}readonly count: Input</m,
    home: "sdk/machine/args.ts",
    except: ["providers/qemu/rollout-gate.ts"],
  },
  {
    what: "the argument timeoutSeconds",
    pattern: /^ {2}readonly timeoutSeconds\?: number \| undefined/m,
    home: "sdk/machine/args.ts",
    except: ["providers/qemu/machine.ts"],
  },
];

/** Verbs that a resource type of a gate or an upload may have of its own. */
const OWN_VERBS: Readonly<Record<string, readonly string[]>> = { "providers/qemu/plugin/gate.ts": ["check", "create", "read", "delete"] };

/** Files of every backend, and further ones of every cloud. */
const FILES = {
  backend: ["index.ts", "fleet.ts", "machine.ts", "machine-image.ts", "rollout-gate.ts", "plugin/gate.ts"],
  cloud: ["access-args.ts", "machine-source.ts", "machine-volume.ts", "plugin/access/inputs.ts"],
  upload: ["snapshot", "upload", "vm"],
};

describe("what all backends share is written once", async () => {
  const files = (await sources()).filter(
    (file) => /^providers\/(?:aws|gcp|azure|qemu)\//.test(file) && !/\/plugin\/.*-inputs\.ts$/.test(file),
  );
  const inputs = (await sources()).filter((file) => /^providers\/(?:aws|gcp|azure)\/.*inputs\.ts$/.test(file));

  test("all sources of the backends are searched", () => assert.ok(files.length > 100 && inputs.length >= 5, `${files.length}`));

  for (const { what, pattern, home, except = [] } of SHARED) {
    test(what, () => {
      assert.match(read(home), pattern, `${home} has it no more: name its new home here`);
      assert.deepEqual(
        [...files, ...inputs].filter((file) => !except.includes(file) && pattern.test(read(file))),
        [],
      );
      for (const file of except) assert.match(read(file), pattern, `${file} has it no more: drop the exception`);
    });
  }

  test("the verbs of a gate and of an upload", () => {
    const types = BACKENDS.flatMap((backend) =>
      ["gate", ...FILES.upload.slice(0, 2)]
        .map((name) => `providers/${backend}/plugin/${name}.ts`)
        .filter((file) => existsSync(new URL(file, ROOT))),
    );
    assert.equal(types.length, 7);
    for (const file of types) {
      const verbs = [
        ...read(file).matchAll(/^ {4}(?:async )?(check|diff|preview|create|read|update|delete)\b[(:]\s*\(?(?:\{|async)/gm),
      ].map(([, verb]) => verb);
      assert.deepEqual(verbs, OWN_VERBS[file] ?? [], file);
    }
  });
});

describe("all backends have the same files", () => {
  for (const backend of BACKENDS) {
    test(backend, () => {
      const has = (file: string): boolean => existsSync(new URL(`providers/${backend}/${file}`, ROOT));
      const wanted = [...FILES.backend, ...((CLOUDS as readonly string[]).includes(backend) ? FILES.cloud : [])];
      assert.deepEqual(
        wanted.filter((file) => !has(file)),
        [],
      );
      const [type = "no file", ...others] = FILES.upload.filter((name) => has(`plugin/${name}.ts`));
      assert.deepEqual(others, []);
      assert.ok(has(`plugin/${type}-inputs.ts`) && has(`${type}.ts`), `${type}.ts and plugin/${type}-inputs.ts`);
    });
  }
});
