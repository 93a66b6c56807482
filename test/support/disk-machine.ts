import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConsoleLine } from "../../sdk/guest/console.ts";
import { FIRMWARE } from "../../sdk/guest/firmware.ts";
import { qemuArguments, qemuProgram } from "../../providers/qemu/plugin/arguments.ts";
import { freePort } from "./free-port.ts";
import { tied } from "./tied.ts";
import { metadataNetwork } from "./qemu.ts";
import { startTpm } from "./software-tpm.ts";

/** A machine's firmware: SeaBIOS, EDK II, or EDK II that starts only what Debian's example key has signed. */
export type Firmware = "bios" | "efi" | "secure-boot";

export interface DiskMachine {
  /** @default "amd64" */
  readonly arch?: "amd64" | "arm64";
  /** Absolute path of the image. */
  readonly path: string;
  /** QEMU's driver for it. */
  readonly driver: "raw" | "qcow2" | "vpc" | "vmdk";
  readonly firmware: Firmware;
  /** How the machine sees it. A CD is behind a SCSI controller, or a SATA one, for which Debian's cloud kernel lacks a driver. @default "disk" */
  readonly as?: "disk" | "nvme" | "scsi" | "cd" | "scsi-cd";
  /** @default 512 */
  readonly memoryMiB?: number;
  /** Whether it has a TPM. @default false */
  readonly tpm?: boolean;
  /** A port of this host that the machine reaches as its cloud's metadata, at 169.254.169.254:80. @default none */
  readonly metadataPort?: number;
  /** Further, writable disks in the order in which it finds them: SCSI if the first one is, else NVMe. @default none */
  readonly volumes?: readonly { readonly path: string; readonly serial: string }[];
}

const DEVICES = { disk: "virtio-blk-pci", nvme: "nvme,serial=vol0", scsi: "scsi-hd", cd: "ide-cd", "scsi-cd": "scsi-cd" } as const;
const NONCE = "disk-boot";
const LONGEST = 120_000;
const PFLASH = {
  amd64: {
    efi: { code: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.fd" },
    "secure-boot": { code: "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd" },
  },
  arm64: {
    efi: { code: "/usr/share/AAVMF/AAVMF_CODE.fd", variables: "/usr/share/AAVMF/AAVMF_VARS.fd" },
    "secure-boot": { code: "/usr/share/AAVMF/AAVMF_CODE.snakeoil.fd", variables: "/usr/share/AAVMF/AAVMF_VARS.snakeoil.fd" },
  },
} as const;

/**
 * Boots a disk or CD, read-only and without a kernel on QEMU's command line, until `done` is satisfied. By default it waits for the
 * answer of the service on port 80, once the guest reports itself healthy.
 */
export async function bootDisk(
  machine: DiskMachine,
  done: (console: string, port: number) => Promise<string | undefined> = onceHealthy("/"),
): Promise<{ readonly answer: string; readonly console: string }> {
  const folder = await mkdtemp(join(tmpdir(), "linuxkit-disk-boot-"));
  await writeFile(join(folder, "nonce"), NONCE);
  const port = await freePort();
  await using tpm = machine.tpm ? await startTpm(folder, machine.arch === "arm64" ? "tpm-tis-device" : "tpm-crb") : undefined;
  const qemu = spawn(
    ...tied(qemuProgram(machine.arch ?? "amd64").binary, [...(await argumentsOf(machine, folder, port)), ...(tpm?.arguments ?? [])]),
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"], timeout: LONGEST, killSignal: "SIGKILL" },
  );
  const ended = once(qemu, "close");
  let gone = false;
  void ended.then(() => {
    gone = true;
  });
  let said = "";
  for (const stream of [qemu.stdout, qemu.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  try {
    for (;;) {
      const over = gone;
      const answer = await done(said, port);
      if (answer !== undefined) return { answer, console: said };
      if (over) throw new Error(`the machine ended before it did what was waited for; its console:\n${said}`);
      await new Promise((resolve) => void setTimeout(resolve, 100));
    }
  } finally {
    qemu.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

/** The answer of the service on port 80 for a path, once the guest reports itself healthy. */
export function onceHealthy(path: string): (console: string, port: number) => Promise<string | undefined> {
  return async (console, port) => {
    const isHealthy = console.split("\n").some((line) => parseConsoleLine(line, NONCE)?.stage === "healthy");
    return isHealthy ? (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(30_000) })).text() : undefined;
  };
}

async function argumentsOf(
  { arch = "amd64", path, driver, firmware, as = "disk", memoryMiB = 512, metadataPort, volumes = [] }: DiskMachine,
  folder: string,
  port: number,
): Promise<string[]> {
  const publish = [{ protocol: "tcp" as const, address: "127.0.0.1", hostPort: port, guestPort: 80 }];
  const common = qemuArguments({
    arch,
    accelerator: "tcg",
    name: "linuxkit-test",
    kernel: "",
    cmdline: "",
    memoryMiB,
    cpus: 1,
    publish,
    disks: [],
    firmware: [{ name: FIRMWARE.nonce, file: "nonce" }],
  });
  // the disk has its own kernel
  for (const option of ["-kernel", "-append"]) common.splice(common.indexOf(option), 2);
  if (metadataPort !== undefined) metadataNetwork(common, metadataPort);
  // the processor may write the variables of trusted keys only in system management mode
  if (firmware === "secure-boot" && arch === "amd64") common[common.indexOf("-machine") + 1] += ",smm=on";
  const further = volumes.flatMap(({ path, serial }, index) => [
    "-blockdev",
    JSON.stringify({ driver: "raw", "node-name": `volume${index}`, file: { driver: "file", filename: path } }),
    "-device",
    JSON.stringify(
      as === "scsi"
        ? { driver: "scsi-hd", drive: `volume${index}`, vendor: "Google", product: "PersistentDisk", device_id: serial }
        : { driver: "nvme", drive: `volume${index}`, serial },
    ),
  ]);
  const node = { driver, "node-name": "boot", "read-only": true, file: { driver: "file", filename: path, "read-only": true } };
  return [
    ...common,
    ...(await firmwareDisks(firmware, arch, folder)),
    "-blockdev",
    JSON.stringify(node),
    ...(as.startsWith("scsi") ? ["-device", "virtio-scsi-pci"] : []),
    "-device",
    `${DEVICES[as]},drive=boot,bootindex=0`,
    ...further,
  ];
}

async function firmwareDisks(firmware: Firmware, arch: "amd64" | "arm64", folder: string): Promise<string[]> {
  if (firmware === "bios") return [];
  const { code, variables } = PFLASH[arch][firmware];
  await copyFile(variables, join(folder, "variables"));
  return [
    ...(firmware === "secure-boot" && arch === "amd64" ? ["-global", "driver=cfi.pflash01,property=secure,value=on"] : []),
    "-drive",
    `if=pflash,format=raw,unit=0,readonly=on,file=${code}`,
    "-drive",
    "if=pflash,format=raw,unit=1,file=variables",
  ];
}
