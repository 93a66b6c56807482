import { DESCRIPTION_FILE, DESCRIPTION_VERSION, descriptionText } from "./description.ts";
import type { GuestFile } from "./guest-file.ts";
import { LOG_SIZE } from "./paths.ts";

/** Where a container of the guest's own sees its program. */
const programPath = (program: string | undefined): string => `/bin/${program?.split("/").at(-1) ?? "linuxkitd"}`;

/** A container of the guest itself: the guest's program with a subcommand, as nobody, with nothing but what is named here. */
export interface OwnContainer {
  /** Its folder below `/lib/linuxkit`, and a part of its id: `healthz`. */
  readonly name: string;
  /** The subcommand and its arguments. */
  readonly args: readonly string[];
  /** The program that it sees, by its path in the machine. @default the guest's program */
  readonly program?: string;
  /** Files of its root filesystem, by path. */
  readonly files: Readonly<Record<string, Omit<GuestFile, "path">>>;
  /** Folders of the machine that it can read, by their path in the container. */
  readonly binds: Readonly<Record<string, string>>;
  readonly capabilities: readonly string[];
  readonly namespaces: readonly string[];
  /** Bytes. */
  readonly memory: number;
  readonly pids: number;
  /** Filter of system calls, in the form of the runtime specification. */
  readonly seccomp?: object | undefined;
}

/** Its bundle. */
export function ownContainerFiles(container: OwnContainer): readonly GuestFile[] {
  const { name, files, binds, pids, program } = container;
  const folder = `lib/linuxkit/${name}`;
  const id = `linuxkit.${name}`;
  const description = descriptionText({
    version: DESCRIPTION_VERSION,
    name: id,
    phase: "services",
    id,
    rootfs: { readonly: true },
    cgroups: [],
    mounts: [],
    mkdir: [],
    interfaces: [],
    bindNS: {},
    uid: 65534,
    gid: 65534,
    idBase: 0,
    pids,
    privateNetwork: false,
    service: { restart: "always", after: [], secrets: [], stopTimeout: 1, stopSignal: 15, logSize: LOG_SIZE },
  });
  return [
    { path: `${folder}/config.json`, mode: 0o644, contents: JSON.stringify(runtimeConfig(container)) },
    { path: `${folder}/${DESCRIPTION_FILE}`, mode: 0o644, contents: description },
    ...Object.entries(files).map(([path, file]) => ({ path: `${folder}/rootfs/${path}`, ...file })),
    // what is mounted onto needs to be there: the root is read-only
    { path: `${folder}/rootfs${programPath(program)}`, mode: 0o755, contents: "" },
    // the runtime does not start a container without these folders
    ...["dev", "proc", "sys", ...Object.keys(binds)]
      .sort()
      .map((path) => ({ path: `${folder}/rootfs/${path}/.keep`, mode: 0o644, contents: "" })),
  ];
}

function runtimeConfig({ args, program, binds, capabilities, namespaces, memory, pids, seccomp }: OwnContainer): object {
  const bind = (source: string, destination: string) => ({
    destination,
    type: "bind",
    source,
    options: ["rbind", "ro", "nosuid", "nodev"],
  });
  const sets = {
    bounding: capabilities,
    effective: capabilities,
    inheritable: capabilities,
    permitted: capabilities,
    ambient: capabilities,
  };
  return {
    ociVersion: "1.0.2",
    process: {
      user: { uid: 65534, gid: 65534 },
      args: [programPath(program), ...args],
      cwd: "/",
      env: ["PATH=/bin"],
      capabilities: capabilities.length > 0 ? sets : {},
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    mounts: [
      bind(program ?? "/init", programPath(program)),
      ...Object.entries(binds).map(([inside, outside]) => bind(outside, `/${inside}`)),
    ],
    linux: {
      resources: { memory: { limit: memory }, pids: { limit: pids } },
      namespaces: namespaces.map((type) => ({ type })),
      ...(seccomp && { seccomp }),
    },
  };
}
