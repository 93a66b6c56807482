import assert from "node:assert/strict";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { ARCHES, build, debian, Image, Kernel, OnbootTask, Service } from "../../sdk/index.ts";
import { MachineRun } from "./machine-run.ts";

// one definition for every architecture, with the console of amd64
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  services: [
    new Service("web", {
      image: debian.packages({
        packages: ["busybox-static"],
        files: [
          {
            path: "www/cgi-bin/machine",
            mode: "0755",
            contents: "#!/bin/busybox sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\nbusybox uname -m\n",
          },
        ],
        command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/www"],
      }),
      capabilities: ["CAP_NET_BIND_SERVICE"],
      stopTimeout: 1,
      health: { http: { port: 80, path: "/cgi-bin/machine" } },
    }),
  ],
});

const NAMES = { amd64: "x86_64", arm64: "aarch64", s390x: "s390x" } as const;

describe("a machine whose definition changed only the architecture", { timeout: 300_000 }, () => {
  let folder: Promise<string> | undefined;
  after(async () => folder && rm(await folder, { recursive: true, force: true }));

  // amd64 boots in many other tests
  for (const arch of ARCHES.filter((name) => name !== "amd64")) {
    test(`to ${arch} becomes healthy, answers, and shuts down cleanly`, async () => {
      folder ??= mkdtemp(join(tmpdir(), "arches-"));
      const outputDir = join(await folder, arch);
      const { files, digest, cmdline } = await build(os, { arch, outputDir, name: arch });
      const pathOf = (role: string): string => join(outputDir, files.find((file) => file.role === role)?.name ?? role);
      await using run = await MachineRun.make();
      const { id, outputs } = await run.create({
        arch,
        kernel: pathOf("kernel"),
        initrd: pathOf("initrd"),
        digest,
        cmdline,
        publish: ["0:80"],
      });
      const answer = await fetch(`${outputs.url}/cgi-bin/machine`, { signal: AbortSignal.timeout(30_000) });
      assert.equal(await answer.text(), `${NAMES[arch]}\n`);
      await using log = await open(outputs.consoleLog);
      await run.delete(id);
      assert.match(await log.readFile("utf8"), /linuxkit \S+ \S+ off/);
    });
  }
});
