import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { controlPlane } from "../../../sdk/kubernetes/control-plane.ts";
import type { Service } from "../../../sdk/definition/service.ts";
import type { MachineSecrets } from "../../../sdk/kubernetes/keys.ts";
import { call } from "../../../sdk/kubernetes/plugin/client.ts";
import { freePort } from "../../support/free-port.ts";
import { tied } from "../../support/tied.ts";
import { ensureKubernetesPrograms } from "./programs.ts";

export const { ensureDebProgram } = (await import(new URL("../../../scripts/deb-program.mjs", import.meta.url).href)) as {
  ensureDebProgram(name: string): Promise<string>;
};

export const NETWORKS = { pods: "10.244.0.0/16", services: "10.96.0.0/16" };
const PORTS = ["6443", "2379", "2380", "2381", "10257", "10259"];

/** A control plane that runs on the loopback interface of this host. It ends with the test that has it. */
export interface NativeControlPlane extends AsyncDisposable {
  /** `127.0.0.1:PORT` of the API server. */
  readonly at: string;
  /** The end of a service's log. */
  log(service: string): Promise<string>;
  /** Ends one service and waits for its end. */
  end(service: string): Promise<void>;
  /** Waits until the API server is ready. */
  ready(): Promise<void>;
  /** Starts it again. */
  start(service: string): void;
  /** The port that a service has instead of one of the definition. */
  port(defined: string): number;
  readonly folder: string;
}

/** Which machine of a control plane it stands for. */
export interface NativePlace {
  readonly name: string;
  /** One of the loopback interface. */
  readonly address: string;
  readonly members: readonly { readonly name: string; readonly address: string }[];
  /** The port at which each member's etcd answers the others. */
  readonly peerPort: number;
}

/** The only machine of a control plane. */
export async function alone(): Promise<NativePlace> {
  const [name, address] = ["cp1", "127.0.0.1"];
  return { name, address, members: [{ name, address }], peerPort: await freePort() };
}

/** Runs the commands of the definition's own services as plain processes, with other ports and folders. */
export async function nativeControlPlane(
  folder: string,
  secrets: MachineSecrets,
  admin: { readonly ca: string; readonly certificate: string; readonly key: string },
  { name, address, members, peerPort }: NativePlace,
): Promise<NativeControlPlane> {
  const bin = [await ensureKubernetesPrograms(), await ensureDebProgram("etcd"), process.env.PATH].join(delimiter);
  const ports = new Map<string, number>();
  for (const port of PORTS) ports.set(port, await freePort());
  ports.set("2380", peerPort);
  for (const [service, named] of Object.entries(secrets)) {
    await mkdir(join(folder, service), { recursive: true });
    for (const [name, text] of Object.entries(named)) await writeFile(join(folder, service, name), own(text), { mode: 0o600 });
  }
  function own(text: string): string {
    return PORTS.reduce((changed, port) => changed.replaceAll(`:${port}`, `:${ports.get(port)}`), text);
  }
  const image = "unused:1";
  const images = { etcd: image, apiserver: image, controllers: image, scheduler: image };
  const services = controlPlane({ name, address, members, networks: NETWORKS, images, volume: "etcd" });
  const running = new Map<string, ChildProcess>();
  const start = (service: string): void => {
    const [program = "", ...args] = (services.find(({ name: own }) => own === service) as Service).spec.command as string[];
    const flags = args.map((flag) =>
      own(flag).replaceAll("/run/secrets", join(folder, service)).replaceAll("/var/lib/etcd", join(folder, "data")),
    );
    const secure = { controllers: "10257", scheduler: "10259", apiserver: "6443" }[service];
    const port = secure === undefined ? [] : [`--secure-port=${ports.get(secure)}`];
    const child = spawn(...tied(program, [...flags, ...port]), { env: { ...process.env, PATH: bin }, stdio: ["ignore", "pipe", "pipe"] });
    const log = createWriteStream(join(folder, `${service}.log`), { flags: "a" });
    for (const stream of [child.stdout, child.stderr]) stream.pipe(log, { end: false });
    running.set(service, child);
  };
  const end = async (name: string): Promise<void> => {
    const child = running.get(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  const log = async (name: string): Promise<string> =>
    (await readFile(join(folder, `${name}.log`), "utf8")).split("\n").slice(-15).join("\n");
  await mkdir(join(folder, "data"), { recursive: true, mode: 0o700 });
  const at = `127.0.0.1:${ports.get("6443")}`;
  const ready = async (): Promise<void> => {
    for (const until = performance.now() + 120_000; ; await sleep(200)) {
      const answer = call({ at, keys: admin }, { path: "/readyz", signal: AbortSignal.timeout(5000) });
      if (await answer.then(() => true).catch(() => false)) break;
      if (performance.now() > until || running.get("apiserver")?.exitCode !== null)
        throw new Error(`the API server is not ready:\n${await log("apiserver")}\n${await log("etcd")}`);
    }
  };
  const plane: NativeControlPlane = {
    ...{ at, log, end, start, ready, folder },
    port: (defined) => ports.get(defined) ?? 0,
    async [Symbol.asyncDispose]() {
      await Promise.all([...running.keys()].map(end));
    },
  };
  try {
    start("etcd");
    start("apiserver");
    await plane.ready();
    start("controllers");
    start("scheduler");
    return plane;
  } catch (error) {
    await plane[Symbol.asyncDispose]();
    throw error;
  }
}
