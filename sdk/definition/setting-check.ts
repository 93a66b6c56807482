import { isDeferred } from "../core/deferred.ts";
import { type Failure, failure } from "../core/failure.ts";
import type { Step } from "../core/property-path.ts";
import { shown } from "../core/shown.ts";
import type { Container } from "./container.ts";
import { rlimitName } from "./rlimit.ts";
import { highestCpu } from "./cpu-list.ts";
import { containersOf, type Definition, type Placed } from "./definition.ts";
import { itemsOf } from "./inputs.ts";
import { checkMountOptions } from "./mount-check.ts";
import { hasOwnInit } from "./own-init.ts";
import { networkKind } from "./service-network.ts";

type Refuse = (steps: readonly Step[], message: string) => void;

/**
 * Settings with which a container cannot start. The guest's kernel, or crun with the second version of control groups,
 * refuses each of them (crun, `cgroup-resources.c` and `validate_sysctl` in `linux.c`). LinuxKit's sandbox with another init may have
 * the first version, where some of them work.
 */
export function settingFailures(definition: Definition): Failure[] {
  const own = hasOwnInit(definition);
  const raised = raisesOpenFiles(definition);
  const failures: Failure[] = [];
  for (const { phase, steps, container: given } of containersOf(definition)) {
    if (isDeferred(given) || isDeferred(given.sandbox) || (given.sandbox === "linuxkit" && !own)) continue;
    const container = withImage(given);
    const refuse: Refuse = (at, message) => failures.push(failure([...steps, ...at], message));
    checkMemory(container, refuse);
    checkOther(container, refuse);
    checkSysctl(container, phase, refuse);
    checkLimits(container, raised, refuse);
    checkWords(container, refuse);
    checkMountOptions(container, refuse);
  }
  return failures;
}

// the fields of an image made from packages are a part of the definition
function withImage(container: Container): Container {
  const { image } = container;
  return typeof image === "object" && !isDeferred(image) && !isDeferred(image.config) ? { ...image.config, ...container } : container;
}

function known<T>(value: T | undefined): T | undefined {
  return isDeferred(value) ? undefined : value;
}

function checkMemory({ resources }: Container, refuse: Refuse): void {
  const memory = known(known(resources)?.memory);
  if (!memory) return;
  const { limit, swap } = memory;
  const at = (field: string): Step[] => ["resources", "memory", field];
  // crun 1.8, which is Debian 12's, refuses 0 as well (`write_memory_swap`)
  if (typeof swap === "number" && swap >= 0 && !isDeferred(limit)) {
    if (limit === undefined) refuse(at("swap"), `got ${swap} without a limit: set limit too, which swap includes`);
    else if (swap < limit) refuse(at("swap"), `got ${swap}, wanted at least the limit ${limit}: it is memory and swap together`);
  }
  for (const field of ["kernel", "kernelTCP", "swappiness", "disableOOMKiller"] as const)
    if (memory[field] !== undefined && memory[field] !== false && !isDeferred(memory[field]))
      refuse(at(field), `got ${shown(memory[field])}, which control groups no longer have: leave it out, and set limit`);
}

function checkOther({ resources }: Container, refuse: Refuse): void {
  const { cpu: givenCpu, network, blockio: givenBlockio } = known(resources) ?? {};
  const cpu = known(givenCpu) ?? {};
  const at = (field: string): Step[] => ["resources", "cpu", field];
  for (const field of ["realtimeRuntime", "realtimePeriod"] as const)
    if (cpu[field] && !isDeferred(cpu[field]))
      refuse(at(field), `got ${cpu[field]}, which control groups no longer have: leave it out, and set shares or quota`);
  const within = (field: "shares" | "quota" | "period", least: number, most: number, unit: string): void => {
    const value = cpu[field];
    if (typeof value === "number" && value > 0 && (value < least || value > most))
      refuse(at(field), `got ${value}, wanted ${most === Infinity ? `at least ${least}` : `${least} to ${most}`}${unit}`);
  };
  within("shares", 2, 262_144, "");
  // Documentation/scheduler/sched-bwc.rst
  within("quota", 1000, Number.POSITIVE_INFINITY, " microseconds");
  within("period", 1000, 1_000_000, " microseconds");
  for (const field of ["cpus", "mems"] as const)
    if (typeof cpu[field] === "string" && highestCpu(cpu[field]) === undefined)
      refuse(at(field), `got ${shown(cpu[field])}, wanted numbers and ranges as "0-3,6"`);
  for (const field of ["classID", "priorities"] as const)
    if (known(network)?.[field] !== undefined)
      refuse(["resources", "network", field], "marks packets for control groups that no longer do it: leave it out");
  if (known(givenBlockio)?.leafWeight) refuse(["resources", "blockio", "leafWeight"], "is not in today's control groups: set weight");
}

const OF_IPC = /^(?:fs\.mqueue\..+|kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced))$/;

function checkSysctl(container: Container, phase: Placed["phase"], refuse: Refuse): void {
  const { sysctl, net, publish, egress, ipc, uts, sandbox } = container;
  if (isDeferred(sysctl)) return;
  const isShared = (word: unknown): boolean => word === "host" || word === "root" || (sandbox === "linuxkit" && !word);
  for (const name of Object.keys(sysctl ?? {})) {
    // sysctl(8): a name may have slashes in place of dots, where the first one tells
    const plain = /^[^./]*\//.test(name) ? name.replaceAll(".", "\0").replaceAll("/", ".") : name;
    const needs = (namespace: string, field: string): void =>
      refuse(
        ["sysctl", name],
        `needs ${namespace === "ipc" ? "an" : "a"} ${namespace} namespace of its own, wanted another ${field} than the machine's`,
      );
    if (plain.startsWith("net.")) {
      if (![net, publish, egress].some(isDeferred) && networkKind(container, phase) === "host") needs("network", "net");
    } else if (OF_IPC.test(plain)) {
      if (!isDeferred(ipc) && isShared(ipc)) needs("ipc", "ipc");
    } else if (plain === "kernel.domainname") {
      if (!isDeferred(uts) && isShared(uts)) needs("uts", "uts");
    } else if (plain === "kernel.hostname") refuse(["sysctl", name], "is the host name: set hostname");
    else refuse(["sysctl", name], "is a setting of the whole machine, which no container has of its own: set it by debian.sysctl()");
  }
}

/** fs.nr_open (Documentation/admin-guide/sysctl/fs.rst): more open files no process may be allowed. */
const OPEN_FILES = 1_048_576n;

/** Whether some task may raise fs.nr_open. */
function raisesOpenFiles({ onboot }: Definition): boolean {
  return onboot.some(({ image }) => {
    if (typeof image !== "object" || isDeferred(image) || isDeferred(image.debian)) return isDeferred(image);
    return itemsOf(image.debian.files).some(
      ([, file]) =>
        // what a local file holds is known to the build only
        isDeferred(file) ||
        isDeferred(file.contents) ||
        (file.source ?? file.sha256) !== undefined ||
        /fs[./]nr_open/.test(String(file.contents)),
    );
  });
}

function checkLimits({ rlimits }: Container, raised: boolean, refuse: Refuse): void {
  for (const [index, text] of itemsOf(rlimits)) {
    if (typeof text !== "string") continue;
    const [name = "", ...limits] = text.split(",").map((part) => part.trim());
    const [soft, hard] = limits.map((limit) => (/^\d+$/.test(limit) ? BigInt(limit) : 2n ** 64n)) as [bigint, bigint];
    if (soft > hard) refuse(["rlimits", index], `got ${shown(text)}, wanted a soft limit of at most the hard limit`);
    else if (rlimitName(name) === "RLIMIT_NOFILE" && hard > OPEN_FILES && !raised)
      refuse(["rlimits", index], `got ${shown(text)}, wanted at most ${OPEN_FILES}, or fs.nr_open raised by debian.sysctl()`);
  }
}

/** execve(2), "Limits on size of arguments and environment": 32 pages for one text with its NUL, a quarter of the stack for all. */
const LONGEST_WORD = 131_071;
const ALL_WORDS = 2 << 20;
const POINTER = 8;

function checkWords({ command, env, health, rlimits }: Container, refuse: Refuse): void {
  let total = 0;
  const check = (words: readonly unknown[] | undefined, at: readonly Step[]): void => {
    for (const [index, word] of itemsOf(words)) {
      if (typeof word !== "string") continue;
      const bytes = Buffer.byteLength(word);
      total += bytes + 1 + POINTER;
      if (bytes > LONGEST_WORD)
        refuse([...at, index], `has ${bytes} bytes, wanted at most ${LONGEST_WORD}, which Linux takes: put it into a file`);
    }
  };
  check(known(health)?.command, ["health", "command"]);
  total = 0;
  check(env, ["env"]);
  check(command, ["command"]);
  const ownStack = itemsOf(rlimits).some(([, limit]) => /^\s*(rlimit_)?stack/i.test(String(limit)));
  if (total > ALL_WORDS && !ownStack)
    refuse(["env"], `has ${total} bytes together with the command, wanted at most ${ALL_WORDS}, which Linux takes: put values into files`);
}
