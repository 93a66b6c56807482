import { z } from "zod";
import { input } from "../../../sdk/plugin/input.ts";
import type { MachineFolder } from "./machine-folder.ts";
import { parsePublication, type Publication } from "../../../sdk/definition/publication.ts";
import { consolePath } from "./start.ts";

/** Outputs of `linuxkit:index:QemuVm`. */
export const vmOutputs = z.object({
  running: input("False if a refresh found it stopped; the next update starts it again.", z.boolean()),
  pid: input("QEMU's process.", z.int()),
  bootId: input("The guest's `/proc/sys/kernel/random/boot_id`; empty without `waitForHealth`.", z.string()),
  consoleLog: input("The file that keeps the last megabyte of its console.", z.string()),
  ports: input('Host ports by guest port: { "80/tcp": 8080 }.', z.record(z.string(), z.int())),
  url: input("http://ADDRESS:PORT of the first published TCP port; empty without one.", z.string()),
  accelerator: input("kvm, hvf or tcg.", z.string()),
  kept: input("What its cluster gave it to keep, by name.", z.record(z.string(), z.string()).exactOptional(), { secret: true }),
});

export type VmOutputs = Readonly<z.output<typeof vmOutputs>>;

/** The outputs of a started machine. */
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

/** Host ports and URL of a machine with these publications. */
export function addresses(publish: readonly Publication[]): { ports: Record<string, number>; url: string } {
  const first = publish.find(({ protocol }) => protocol === "tcp");
  const host = first?.address === "0.0.0.0" ? "127.0.0.1" : first?.address;
  return {
    ports: Object.fromEntries(publish.map(({ guestPort, protocol, hostPort }) => [`${guestPort}/${protocol}`, hostPort])),
    url: first ? `http://${host}:${first.hostPort}` : "",
  };
}

/** Parses publications that were checked before. */
export function asPublications(texts: readonly string[]): Publication[] {
  return texts.map(parsePublication).flatMap((read) => ("problem" in read ? [] : [read]));
}
