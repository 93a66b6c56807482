import { type ContainerDescription, DESCRIPTION_FILE, DESCRIPTION_VERSION, descriptionText } from "../guest/description.ts";
import type { PrivateNetwork } from "../guest/firewall.ts";
import { SERVER_NAME } from "../definition/https-check.ts";
import { LOG_SIZE } from "../guest/paths.ts";
import type { RuntimeActions } from "../guest/runtime-actions.ts";
import type { Bundle } from "../runtime/bundle.ts";
import { fileStep } from "./entry-step.ts";
import type { EntryStep } from "./plan.ts";

/** The description that our own guest reads beside a bundle's `config.json`. */
export function guestStep(bundle: Bundle, network: PrivateNetwork | undefined): EntryStep {
  return fileStep(`${bundle.path}/${DESCRIPTION_FILE}`, descriptionText(containerDescription(bundle, network)));
}

/** What the guest must know of a container. */
export function containerDescription(bundle: Bundle, network: PrivateNetwork | undefined): ContainerDescription {
  const { name, phase, path, readonly, unpacks, tree, uid, gid, idBase, privateNetwork, pids, memory } = bundle;
  const { cgroups = [], mounts = [], mkdir = [], interfaces = [], bindNS = {} } = JSON.parse(bundle.runtime) as RuntimeActions;
  return {
    version: DESCRIPTION_VERSION,
    name,
    phase,
    id: path.slice(path.lastIndexOf("/") + 1),
    rootfs: { readonly, ...(!unpacks && { extracted: `/${tree}` }), ...(!readonly && memory > 0 && { size: memory }) },
    cgroups: [...cgroups],
    ...(bundle.container.cgroup === "delegated" && { delegated: true }),
    // those that put the root together are the guest's own work
    mounts: mounts
      .filter(({ destination }) => destination !== `/${path}/rootfs` && destination !== `/${path}/tmp`)
      .map(({ destination, type, source, options }) => ({
        destination,
        ...(type && { type }),
        ...(source && { source }),
        ...(options && { options: [...options] }),
      })),
    mkdir: [...mkdir],
    interfaces: interfaces.map(({ name: link, add, peer, createInRoot }) => ({
      name: link,
      ...(add && { add }),
      ...(peer && { peer }),
      ...(createInRoot && { createInRoot }),
    })),
    // LinuxKit writes every key, those that are not asked for as ""
    bindNS: Object.fromEntries(Object.entries(bindNS).filter(([, file]) => file !== "")),
    uid: idBase + uid,
    gid: idBase + gid,
    idBase,
    pids,
    privateNetwork,
    ...(network && { link: { link: network.link, gateway: network.gateway, address: network.address } }),
    ...(phase === "services" ? { service: serviceDescription(bundle) } : { task: taskDescription(bundle) }),
  };
}

function taskDescription({ phase, container: { timeout, optional } }: Bundle): NonNullable<ContainerDescription["task"]> {
  return { timeout: timeout ?? (phase === "onboot" ? 300 : 30), optional: optional ?? false };
}

function serviceDescription({ container, secrets, ownGroup, memory, stopSignal }: Bundle): NonNullable<ContainerDescription["service"]> {
  const { health, restart, restartLimit, stopTimeout, after, log, sandbox } = container;
  return {
    restart: restart ?? "always",
    ...(restartLimit && { restartLimit: { count: restartLimit.count, within: restartLimit.within ?? 0 } }),
    after: [...(after ?? [])],
    secrets: [...secrets].sort(),
    stopTimeout: stopTimeout ?? 10,
    stopSignal,
    logSize: log?.size ?? LOG_SIZE,
    ...(sandbox !== "linuxkit" && ownGroup && { memory: memory > 0 ? ("limited" as const) : ("unlimited" as const) }),
    ...(health && { health: healthDescription(health) }),
  };
}

type Health = NonNullable<Bundle["container"]["health"]>;

// exactly one of http, https, tcp and command, which the schema has checked and its type does not say
function healthDescription(health: Health): NonNullable<NonNullable<ContainerDescription["service"]>["health"]> {
  const { http, https, tcp, command, interval, timeout, retries } = health as Health & {
    readonly http?: { readonly port?: number; readonly socket?: string; readonly path?: string; readonly status?: number };
    readonly https?: {
      readonly port: number;
      readonly path?: string;
      readonly status?: number;
      readonly serverName?: string;
      readonly ca?: string;
      readonly caSecret?: string;
    };
    readonly tcp?: { readonly port: number };
    readonly command?: readonly string[];
  };
  return {
    ...(http && {
      http: {
        ...(http.socket === undefined ? { port: http.port } : { socket: http.socket }),
        path: http.path ?? "/",
        status: http.status ?? 200,
      },
    }),
    ...(https && {
      https: {
        port: https.port,
        path: https.path ?? "/",
        status: https.status ?? 200,
        serverName: https.serverName ?? SERVER_NAME,
        ...(https.ca === undefined ? { caSecret: https.caSecret } : { ca: https.ca }),
      },
    }),
    ...(tcp && { tcp: { port: tcp.port } }),
    ...(command && { command: [...command] }),
    interval: interval ?? 5,
    timeout: timeout ?? 5,
    retries: retries ?? 3,
  };
}
