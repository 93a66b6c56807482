import type { MachineFolder } from "./machine-folder.ts";
import { parsePublication, type Publication } from "../../../sdk/definition/publication.ts";
import { consolePath } from "./start.ts";

/** What is known of a machine once it runs. */
export interface VmOutputs {
  /** False when `refresh` found it dead; the next update starts it again. */
  readonly running: boolean;
  /** QEMU's process. */
  readonly pid: number;
  /** The guest's `/proc/sys/kernel/random/boot_id`; empty when its health was not waited for. */
  readonly bootId: string;
  /** The file that keeps the last megabyte of its console. */
  readonly consoleLog: string;
  /** Host ports by guest port: `{ "80/tcp": 8080 }`. */
  readonly ports: Readonly<Record<string, number>>;
  /** `http://ADDRESS:PORT` of the first published TCP port; empty when there is none. */
  readonly url: string;
  /** kvm, hvf or tcg. */
  readonly accelerator: string;
}

/** What is known of a machine that was started. */
export function describeMachine(
  folder: MachineFolder,
  publish: readonly Publication[] = asPublications(folder.record?.publish ?? []),
): VmOutputs {
  const { record } = folder;
  return {
    running: true,
    pid: record?.machine?.pid ?? 0,
    bootId: record?.bootId ?? "",
    consoleLog: consolePath(folder),
    accelerator: record?.accelerator ?? "",
    ...addresses(publish),
  };
}

/** Where a machine with these ports answers. */
export function addresses(publish: readonly Publication[]): { ports: Record<string, number>; url: string } {
  const first = publish.find(({ protocol }) => protocol === "tcp");
  const host = first?.address === "0.0.0.0" ? "127.0.0.1" : first?.address;
  return {
    ports: Object.fromEntries(publish.map(({ guestPort, protocol, hostPort }) => [`${guestPort}/${protocol}`, hostPort])),
    url: first ? `http://${host}:${first.hostPort}` : "",
  };
}

/** Reads publications that were checked before. */
export function asPublications(texts: readonly string[]): Publication[] {
  return texts.map(parsePublication).flatMap((read) => ("problem" in read ? [] : [read]));
}
