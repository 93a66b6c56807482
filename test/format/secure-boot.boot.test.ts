import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build, type Image, type Pcrs } from "../../sdk/index.ts";
import { bootDisk, onceHealthy } from "../support/disk-machine.ts";
import { scratch } from "../support/judge.ts";
import { runTool } from "../support/run-tool.ts";

const MAIN = fileURLToPath(new URL("../../sdk/cli/main.ts", import.meta.url));
const KEY = "/usr/share/ovmf/PkKek-1-snakeoil";

/** Says what the TPM says, one register a line. */
const PAGE =
  "#!/bin/busybox sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\ncd /host/sys/class/tpm/tpm0/pcr-sha256 && busybox cat 4 9 11\n";
const pair = async () => ({
  key: await readFile(`${KEY}.key`, "utf8"),
  certificate: await readFile(`${KEY}.pem`, "utf8"),
  passphrase: "snakeoil",
});
const lines = (pcrs: Pcrs | undefined): string => [pcrs?.[4], pcrs?.[9], pcrs?.[11], ""].join("\n").toUpperCase();

/** A program as a user has it, so that the command line can build it as well. */
const PROGRAM = `
import { debian, Image, Kernel, OnbootTask, Service } from ${JSON.stringify(new URL("../../sdk/index.ts", import.meta.url).href)};
export const os = new Image({
  kernel: new Kernel({ image: debian.kernel({ modules: ["tpm_tis"] }), cmdline: "console=ttyS0 loglevel=7" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  services: [new Service("web", {
    image: debian.packages({ packages: ["busybox-static"], files: [{ path: "host/sys", directory: true }, { path: "www/cgi-bin/pcrs", mode: "0755", contents: ${JSON.stringify(PAGE)} }] }),
    command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/www"],
    binds: ["/sys:/host/sys:ro"],
    capabilities: ["CAP_NET_BIND_SERVICE"],
    health: { tcp: { port: 80 } },
  })],
});
`;

describe("Secure Boot, with the same firmware and variables", () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  let os: Image;
  before(async () => {
    folder = await scratch();
    await writeFile(join(folder.path, "os.mjs"), PROGRAM);
    ({ os } = (await import(join(folder.path, "os.mjs"))) as { os: Image });
  });
  after(() => folder[Symbol.asyncDispose]());

  test("starts the signed disk, whose kernel says that it is on; the TPM says what was predicted; the command line builds the same bytes", async () => {
    const secureBoot = await pair();
    const { files, pcrs } = await build(os, { format: "raw-efi", name: "os", outputDir: join(folder.path, "signed"), secureBoot });
    const { answer, console } = await bootDisk(
      { path: join(folder.path, "signed", "os-efi.img"), driver: "raw", firmware: "secure-boot", tpm: true },
      onceHealthy("/cgi-bin/pcrs"),
    );
    // a busy host may lose some bytes of a serial line: the kernel says it twice
    assert.match(console, /secureboot: Secure boot enabled|Kernel is locked down from EFI Secure Boot/);
    assert.equal(answer, lines(pcrs));

    await writeFile(join(folder.path, "passphrase"), "snakeoil\n");
    const args = ["build", join(folder.path, "os.mjs"), "--format", "raw-efi", "--out", join(folder.path, "cli")];
    const { status, output } = await runTool(
      process.execPath,
      MAIN,
      ...args,
      "--secure-boot-key",
      `${KEY}.key`,
      "--secure-boot-certificate",
      `${KEY}.pem`,
      "--secure-boot-passphrase",
      join(folder.path, "passphrase"),
    );
    assert.equal(status, 0, output);
    assert.ok(output.includes(`${files.find(({ role }) => role === "image")?.sha256}  `), output);
  });

  test("starts the signed disk of arm64, whose TPM says what was predicted", async () => {
    const { pcrs } = await build(os, {
      arch: "arm64",
      format: "raw-efi",
      name: "os",
      outputDir: join(folder.path, "arm64"),
      secureBoot: await pair(),
    });
    const { answer, console } = await bootDisk(
      { arch: "arm64", path: join(folder.path, "arm64", "os-efi.img"), driver: "raw", firmware: "secure-boot", tpm: true },
      onceHealthy("/cgi-bin/pcrs"),
    );
    assert.match(console, /UEFI Secure Boot is enabled/);
    assert.equal(answer, lines(pcrs));
  });

  test("denies access to the unsigned one, which starts without it: the TPM says what was predicted", async () => {
    const { pcrs } = await build(os, { format: "raw-efi", name: "os", outputDir: join(folder.path, "unsigned") });
    const path = join(folder.path, "unsigned", "os-efi.img");
    const denied = await bootDisk({ path, driver: "raw", firmware: "secure-boot" }, async (said) =>
      said.includes("Access Denied") ? "denied" : undefined,
    );
    assert.doesNotMatch(denied.console, /Linux version/);
    const { answer } = await bootDisk({ path, driver: "raw", firmware: "efi", tpm: true }, onceHealthy("/cgi-bin/pcrs"));
    assert.equal(answer, lines(pcrs));
  });

  for (const row of [
    {
      name: "a disk that a BIOS starts as well",
      formats: ["raw-efi", "raw-hybrid"],
      code: "UNSUPPORTED",
      message: /^secureBoot: raw-hybrid boots files that a signature does not cover; use raw-efi/,
    },
    {
      name: "a format without a program",
      formats: ["kernel+initrd"],
      code: "INVALID_DEFINITION",
      message: /^secureBoot: there is no EFI program to sign in kernel\+initrd, wanted raw-efi/,
    },
  ] as const) {
    test(`refuses ${row.name}, before anything is fetched`, async () => {
      const secureBoot = { certificate: await readFile(`${KEY}.pem`, "utf8"), sign: (digest: Uint8Array) => digest };
      await assert.rejects(
        build(os, {
          formats: row.formats,
          outputDir: join(folder.path, "refused"),
          cacheDir: join(folder.path, "cache"),
          debianMirror: "http://127.0.0.1:1/debian",
          secureBoot,
        }),
        { code: row.code, message: row.message },
      );
    });
  }
});
