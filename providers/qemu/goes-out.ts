import { isDeferred } from "../../sdk/core/deferred.ts";
import type { Container } from "../../sdk/definition/container.ts";
import type { Definition } from "../../sdk/definition/definition.ts";
import { parsePublication } from "../../sdk/definition/publication.ts";
import { networkKind } from "../../sdk/definition/service-network.ts";

/** Subcommands of the guest's program that open no connection; DHCP has its own way out of a closed guest. */
const QUIET = new Set(["dhcp", "sysctl", "format", "extend", "disk", "mount"]);

/**
 * Whether a guest opens connections to the outside, as far as the program knows it: false only if every container is known
 * not to, and no UDP port is published, which would not answer then.
 *
 * @param publish the ports that the host publishes, as the program gives them
 * @returns false, or undefined for QEMU's default
 */
export function goesOut(definition: Definition | undefined, publish: unknown): false | undefined {
  if (!definition || !isTcp(publish)) return undefined;
  const { init, onboot, onshutdown, services } = definition;
  if ([init, onboot, onshutdown, services].some(isDeferred)) return undefined;
  // another init may give a service the machine's network
  const own = init.some((source) => typeof source === "object" && !isDeferred(source) && source.debian.role === "init");
  if (!own) return undefined;
  const tasks = [...onboot, ...onshutdown];
  if (tasks.some((task) => isDeferred(task) || (!isQuiet(task) && networkKind(task, "onboot") !== "none"))) return undefined;
  return Object.values(services).some((service) => leaves(service, services)) ? undefined : false;
}

function leaves(service: Container, services: Definition["services"]): boolean {
  const { net, egress = [], label, log } = service;
  if ([service, service.image, net, egress, label, log, log?.forward].some(isDeferred) || log?.forward !== undefined) return true;
  if (isQuiet(service)) return false;
  const kind = networkKind(service);
  // the label of an image may set another network only by the definition's word
  if (kind === "none" || label === "allow") return kind !== "none";
  return kind !== "private" || egress.some((one) => isDeferred(one) || isDeferred(one.to) || !Object.hasOwn(services, one.to));
}

function isQuiet({ image, command }: Container): boolean {
  if (typeof image !== "object" || isDeferred(image) || isDeferred(command)) return false;
  const words = command ?? image.config?.command;
  return image.debian.program === "linuxkitd" && QUIET.has(words?.[1] ?? "");
}

function isTcp(publish: unknown): boolean {
  if (publish === undefined) return true;
  if (!Array.isArray(publish)) return false;
  return publish.every((text) => {
    const read = typeof text === "string" ? parsePublication(text) : { problem: "not known" };
    return !("problem" in read) && read.protocol === "tcp";
  });
}
