import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { buildTree } from "../support/case-build.ts";
import { cases, yamlOf } from "../support/conformance.ts";
import { conformanceImages, serveImages } from "../support/conformance-images.ts";
import { TestRegistry } from "../support/registry.ts";

/** The path and the reason that each message must name. */
const MESSAGES: Readonly<Record<string, RegExp>> = {
  "bind-four-parts": /services\.app\.binds\[0\]: got "\/a:\/b:ro:x", wanted "source:\/destination"/,
  "bind-one-part": /services\.app\.binds\[0\]: got "\/a", wanted/,
  "capability-without-prefix": /services\.app\.capabilities\[0\]: got "NET_ADMIN".*CAP_NET_ADMIN/,
  "device-without-mode": /services\.app\.devices\[0\]\.mode: missing, wanted octal/,
  "duplicate-service": /services\.a\.name: got "a", which .* also has/,
  empty: /it is empty/,
  "file-escapes-tree": /files.*\.\.\/\.\.\/etc\/passwd.*without "\.\."/,
  "file-missing-source": /^files.*source.*no-such-file/,
  "file-two-kinds": /files\.a: .*not contents and source/,
  "file-without-kind": /files\.a: .*exactly one of directory, symlink, contents, source and metadata/,
  "image-not-found": /services\.a\.image: nowhere\.invalid\/x:1 does not exist/,
  "kernel-without-binary": /kernel\.binary: conf\/plain:1 has no file "kernel"/,
  "missing-image": /services\.a\.image: missing/,
  "mount-without-type": /services\.app\.mounts\[0\]\.type: missing/,
  "name-escapes-tree": /services\["\.\.\/\.\.\/x"\]\.name: got "\.\.\/\.\.\/x"/,
  "not-yaml": /linuxkit\.yml:2: not YAML/,
  "null-list": /services\.app\.binds: got null, wanted a list/,
  "rlimit-two-parts": /services\.app\.rlimits\[0\]: got "nofile,1"/,
  "rlimit-unknown": /services\.app\.rlimits\[0\]: got "speed,1,2"/,
  "rw-on-readonly-volume": /services\.a\.binds\[0\]: volume "v" is read-only/,
  "tmpfs-two-colons": /services\.app\.tmpfs\[0\]: got "\/a:b:c"/,
  "undeclared-volume": /services\.app\.binds\[0\]: volume "nowhere" not found/,
  "unknown-capability": /services\.app\.capabilities\[0\]: got "CAP_FLY"/,
  "unknown-field": /services\.app\.privileged: unknown property/,
  "unknown-top-level": /sevices: unknown property: did you mean "services"/,
  "unknown-user": /services\.app\.uid: .*"nobody-here"/,
  "veth-without-peer": /services\.app\.runtime\.interfaces\[0\]\.peer: missing/,
  "volume-bad-name": /volumes\.Bad\/Name\.name: got "Bad\/Name"/,
};

const registry = await TestRegistry.start();
serveImages(await conformanceImages(), registry);
const folder = await mkdtemp(join(tmpdir(), "conformance-"));
after(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

describe("a bad definition is refused with path and reason, and nothing is written:", () => {
  for (const name of cases("refused")) {
    test(name, async () => {
      // the registry that does not exist is on loopback too
      const registryMirrors = { "docker.io": registry.url, "nowhere.invalid": registry.url };
      const outputDir = join(folder, name);
      await assert.rejects(
        async () => buildTree(yamlOf("refused", name), folder, { registryMirrors, outputDir }),
        (error) => {
          assert.ok(isLinuxKitError(error), String(error));
          assert.match(error.message, MESSAGES[name] ?? assert.fail(`no message is wanted of ${name}`));
          return true;
        },
      );
      assert.deepEqual(await readdir(outputDir).catch(() => []), []);
    });
  }
});
