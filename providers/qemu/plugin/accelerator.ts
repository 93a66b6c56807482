import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Arch } from "../../../sdk/core/arch.ts";
import { writeFileWhole } from "../../../sdk/core/write-file.ts";
import type { Accelerator } from "./arguments.ts";

/** What the decision needs to know about the host. Passed in, so that a test can stand for any host. */
export interface HostFacts {
  readonly platform: NodeJS.Platform;
  /** The host's own architecture; undefined for an unsupported one. */
  readonly arch: Arch | undefined;
  /** Changes when the host boots, because its kernel and its virtualisation may then differ. */
  readonly bootId: string;
  readonly qemuVersion: string;
  /** Whether this user may open `/dev/kvm`. */
  readonly kvm: boolean;
}

/** Whether a kernel boots under that accelerator. */
export type Probe = (accelerator: Accelerator) => Promise<boolean>;

/**
 * Decides how to execute a guest of `arch`: by the host's virtualisation if a probe has booted a kernel under it, else by
 * emulation. `/dev/kvm` alone is not enough: it may exist and boot nothing. The probe's result is kept in `cacheDir` for this
 * boot of the host and this QEMU.
 */
export async function chooseAccelerator(arch: Arch, host: HostFacts, cacheDir: string, probe: Probe): Promise<Accelerator> {
  const candidate = candidateFor(arch, host);
  if (candidate === "tcg") return "tcg";
  const remembered = await rememberedProbe(arch, host, cacheDir);
  if (remembered !== undefined) return remembered ? candidate : "tcg";
  const works = await probe(candidate);
  const path = probeFile(arch, host, cacheDir);
  await writeFileWhole(path, [Buffer.from(JSON.stringify({ arch, accelerator: candidate, qemu: host.qemuVersion, works }))]);
  return works ? candidate : "tcg";
}

/** Whether the candidate has booted a kernel since the host's start; undefined where none has been tried. */
export async function rememberedProbe(arch: Arch, host: HostFacts, cacheDir: string): Promise<boolean | undefined> {
  const text = await readFile(probeFile(arch, host, cacheDir), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { works: boolean }).works;
}

function probeFile(arch: Arch, host: HostFacts, cacheDir: string): string {
  const key = createHash("sha256")
    .update(JSON.stringify([host.bootId, host.qemuVersion, arch, candidateFor(arch, host)]))
    .digest("hex")
    .slice(0, 16);
  return join(cacheDir, "accelerators", `${key}.json`);
}

/** The accelerator worth a probe. */
export function candidateFor(arch: Arch, host: Pick<HostFacts, "platform" | "arch" | "kvm">): Accelerator {
  if (arch !== host.arch) return "tcg";
  if (host.platform === "darwin") return "hvf";
  return host.platform === "linux" && host.kvm ? "kvm" : "tcg";
}

const ARCH_OF_NODE: Readonly<Record<string, Arch>> = { x64: "amd64", arm64: "arm64", s390x: "s390x" };

/** Reads these facts from this host. */
export async function hostFacts(qemuVersion: string): Promise<HostFacts> {
  const kvm = await access("/dev/kvm", constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  const bootId = await readFile("/proc/sys/kernel/random/boot_id", "latin1").catch(() => "");
  return { platform: process.platform, arch: ARCH_OF_NODE[process.arch], bootId: bootId.trim(), qemuVersion, kvm };
}
