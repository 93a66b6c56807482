import { z } from "zod";
import { ipv4Network } from "../core/ipv4.ts";
import type { Json } from "../core/json.ts";
import { type Failure, failure } from "../core/failure.ts";
import { shown } from "../core/shown.ts";
import { checked, refuse } from "../debian/base/arguments.ts";
import { fields, treePath, word } from "../definition/fields.ts";
import type { Service } from "../definition/service.ts";
import type { Volume } from "../definition/volume.ts";
import { ADDRESS_SETTINGS, addressSettings, OWN_SETTINGS, QUIET } from "./daemon-settings.ts";
import { type EngineMode, engineImage } from "./engine-image.ts";
import { engineServices } from "./engine-services.ts";
import { contentFiles, type DockerContainerArgs, dockerContainer, engineImageSource, setupService } from "./setup-service.ts";

/** Addresses of the containers' networks. */
export interface DockerNetworkArgs {
  /**
   * The IPv4 network, of at most 20 bits, from which the default bridge and each further network take 256 addresses.
   * @default Docker's own: 172.17.0.0/16, then 172.18.0.0/16 and so on
   * @example "10.200.0.0/16"
   */
  readonly cidr: string;
}

/** Arguments of `docker`. */
export interface DockerArgs {
  /** The persistent volume with the engine's images, containers and volumes: `new Volume("docker", { persistent: { serial: "docker" } })`. */
  readonly data: Volume;
  /** Addresses of the containers' networks; set it where Docker's own collide with the machine's. @default Docker's own */
  readonly network?: DockerNetworkArgs | undefined;
  /**
   * Images that the engine has: `docker-archive:FILE`, a file of `docker save` that becomes part of the OS and is loaded at each boot;
   * or the name of an image, which is pulled if it is missing.
   * @default none
   * @example ["docker-archive:app.tar", "nginx:1.27"]
   */
  readonly images?: readonly string[] | undefined;
  /**
   * Containers that the engine runs, by name. One stays as it is until its image or arguments change; one that is no longer
   * here is removed. Data outlives a container in Docker's volumes.
   * @default none
   * @example { web: { image: "nginx:1.27", options: ["--publish", "8080:80"] } }
   */
  readonly containers?: Readonly<Record<string, DockerContainerArgs>> | undefined;
  /** The path of the engine's socket on the machine, in a folder of its own. @default "/run/docker/docker.sock" */
  readonly socket?: string | undefined;
  /**
   * Settings of the engine: those of daemon.json (dockerd(8)).
   * @default those of Docker, with live-restore
   * @example { "log-opts": { "max-size": "10m" } }
   */
  readonly daemon?: Readonly<Record<string, Json>> | undefined;
}

/** The schema of {@link DockerArgs}, without `data`. */
export const dockerSchema = fields({
  network: fields({
    cidr: z.string().refine((text) => (ipv4Network(text)?.bits ?? 32) <= 20, 'an IPv4 network of at most 20 bits, as "10.200.0.0/16"'),
  }).optional(),
  images: z.array(engineImageSource).optional(),
  containers: z
    .record(
      z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]+$/, 'a container\'s name: at least two letters, digits, "_", "." or "-"'),
      dockerContainer,
    )
    .optional(),
  socket: treePath
    .regex(
      /^\/run\/[\w.-]+\/(?:[\w.-]+\/)*docker\.sock$/,
      'a path below a folder of /run that ends with /docker.sock, as "/run/docker/docker.sock"',
    )
    .optional(),
  daemon: z.record(word, z.json()).optional(),
});

/**
 * Docker as services of the machine: `containerd`, which runs the containers; `docker`, the engine, whose restart ends no
 * container; and `docker-setup`, if `images` or `containers` are given, which is healthy once the engine has and runs them. All are
 * from Debian's packages docker.io, containerd and runc.
 *
 * `containerd` and `docker` have the machine's network, every capability and every device: a process that can reach the engine's
 * socket is root on the machine. Ports that containers publish are ports of the machine. A path in `docker run --volume PATH:…` is one of the service
 * `containerd`, not of the machine: use Docker's volumes.
 *
 * Source: dockerd(8); moby, "Live restore".
 *
 * @throws INVALID_DEFINITION
 */
export function docker(args: DockerArgs): readonly Service[] {
  return engine("docker", args, "alone");
}

/**
 * The services of {@link docker} for a node of a swarm: an engine without live-restore, which a swarm excludes, that also answers
 * on {@link ENGINE_PORT} with TLS in both directions. It joins no swarm by itself.
 *
 * Source: moby, "Live restore", "Live restore and Swarm mode"; dockerd(8), "--tlsverify".
 *
 * @param what names the caller in errors
 * @throws INVALID_DEFINITION
 */
export function swarmEngine(what: string, args: Omit<DockerArgs, "containers">): readonly Service[] {
  return engine(what, args, "swarm");
}

function engine(what: string, args: DockerArgs, mode: EngineMode): readonly Service[] {
  const { data, ...rest } = args ?? {};
  const given = checked(what, dockerSchema, rest);
  const { network, images = [], containers = {}, socket = "/run/docker/docker.sock", daemon = {} } = given;
  refuse(what, [...volumeFailures(data), ...settingFailures(daemon, network !== undefined)]);
  const addresses = network && ipv4Network(network.cidr);
  const hasContent = images.length > 0 || Object.keys(containers).length > 0;
  // one image for all: the OS holds it once
  const image = engineImage(
    { ...(addresses && addressSettings(addresses)), ...(mode === "swarm" && QUIET), ...daemon },
    hasContent ? contentFiles({ images, containers }) : [],
    mode,
  );
  const services = engineServices({ data, socket, image, mode });
  return Object.freeze(hasContent ? [...services, setupService({ image, socket })] : services);
}

function volumeFailures(data: unknown): Failure[] {
  const volume = data as Partial<Volume> | undefined;
  const wanted = 'wanted a persistent volume: new Volume("docker", { persistent: { serial: "docker" } })';
  if (typeof volume !== "object" || volume?.kind !== "volume") return [failure(["data"], `got ${shown(data)}, ${wanted}`)];
  return volume.spec?.persistent === undefined
    ? [failure(["data"], `got the volume ${shown(volume.name)}, which is in memory, where the engine stores no images; ${wanted}`)]
    : [];
}

function settingFailures(daemon: Readonly<Record<string, Json>>, hasNetwork: boolean): Failure[] {
  return Object.keys(daemon).flatMap((name) => {
    const own =
      OWN_SETTINGS.get(name) ?? (hasNetwork && ADDRESS_SETTINGS.includes(name) ? "network alone, or leave network out" : undefined);
    return own === undefined ? [] : [failure(["daemon", name], `got a setting that docker sets itself; wanted ${own}`)];
  });
}
