import { z } from "zod";

/**
 * What PID 1 reads, as JSON: one description of the machine, and one of each container beside its `config.json`. The
 * types of the guest's program are held to these schemas by `linuxkitd/internal/description/schema.json`, which a test writes down.
 */

/** Counts the changes that an older program would misread. */
export const DESCRIPTION_VERSION = 1;

/** Where the description of a container lies in its bundle. */
export const DESCRIPTION_FILE = "linuxkitd.json";

/** Where the description of the machine lies. */
export const MACHINE_FILE = "lib/linuxkit/machine.json";

const version = z.literal(DESCRIPTION_VERSION);
const seconds = z.number().min(0);
const id = z.int().min(0);
const port = z.int().min(1).max(65535);
const protocol = z.enum(["tcp", "udp"]);
const name = z.string().regex(/^[^/\s]+$/);

const mount = z.strictObject({
  destination: z.string(),
  type: z.string().optional(),
  source: z.string().optional(),
  options: z.array(z.string()).optional(),
});

const networkInterface = z.strictObject({
  name: z.string(),
  /** The type of a new link; without it and `peer` an existing link moves in. */
  add: z.string().optional(),
  /** The other end of a pair, which stays in the machine. */
  peer: z.string().optional(),
  createInRoot: z.boolean().optional(),
});

const link = z.strictObject({ link: name, gateway: z.ipv4(), address: z.ipv4() });

/** Exactly one of `http`, `https`, `tcp` and `command`; of `http`, exactly one of `port` and `socket`. Times are seconds. */
const health = z.strictObject({
  http: z
    .strictObject({
      port: port.optional(),
      socket: z.string().startsWith("/").optional(),
      path: z.string().startsWith("/"),
      status: z.int(),
    })
    .optional(),
  https: z
    .strictObject({
      port,
      path: z.string().startsWith("/"),
      status: z.int(),
      /** What the certificate must be for. */
      serverName: name,
      /** Certificates as PEM; or `caSecret`: a secret of the service that has them. */
      ca: z.string().optional(),
      caSecret: name.optional(),
    })
    .optional(),
  tcp: z.strictObject({ port }).optional(),
  command: z.array(z.string()).optional(),
  interval: seconds,
  timeout: seconds,
  retries: z.int().min(1),
});

const service = z.strictObject({
  restart: z.enum(["always", "on-failure", "never"]),
  restartLimit: z.strictObject({ count: z.int().min(0), within: seconds }).optional(),
  after: z.array(name),
  secrets: z.array(name),
  stopTimeout: seconds,
  /** The number of the signal that asks it to stop. */
  stopSignal: z.int().min(1).max(64),
  /** Bytes of its output that are kept. */
  logSize: z.int().min(1),
  /** Whether the definition limits its memory; left out where its control group is not its own. */
  memory: z.enum(["limited", "unlimited"]).optional(),
  health: health.optional(),
});

/** What PID 1 must know of one container, apart from its `config.json`. */
export const containerDescriptionSchema = z.strictObject({
  version,
  /** As console lines and log files call it. */
  name,
  phase: z.enum(["onboot", "services", "onshutdown"]),
  /** Its folder under `/containers/<phase>`, and its id for the runtime. */
  id: name,
  rootfs: z.strictObject({
    readonly: z.boolean(),
    /** Where its image lies when another container's folder holds it. */
    extracted: z.string().optional(),
    /** Bytes that may be written to it; a quarter of the machine's memory without it. */
    size: z.int().min(1).optional(),
  }),
  cgroups: z.array(z.string()),
  /** Whether it may make control groups in its own. */
  delegated: z.boolean().optional(),
  mounts: z.array(mount),
  mkdir: z.array(z.string()),
  interfaces: z.array(networkInterface),
  /** Files by the namespace that is bound onto them. */
  bindNS: z.record(z.string(), z.string()),
  /** The owner of its secrets: the user of its process, as the machine numbers it. */
  uid: id,
  gid: id,
  /** What its user 0 is on the machine. */
  idBase: id,
  /** The limit of its processes and threads; 0 if its definition has none. */
  pids: z.int().min(0),
  privateNetwork: z.boolean(),
  link: link.optional(),
  task: z.strictObject({ timeout: seconds, optional: z.boolean() }).optional(),
  service: service.optional(),
});

const parameter = z.strictObject({ path: z.string(), value: z.string() });

const network = z.strictObject({
  ...link.shape,
  publish: z.array(z.strictObject({ outside: port, inside: port, protocol })),
  /** An IPv4 address or network, `any` or `dns`. */
  egress: z.array(z.strictObject({ to: z.string(), port: port.optional(), protocol: protocol.optional() })),
});

/** What PID 1 must know of the machine. */
export const machineDescriptionSchema = z.strictObject({
  version,
  /** Of the kernel, by their path below `/proc/sys`. */
  parameters: z.strictObject({ early: z.array(parameter), last: z.array(parameter) }).optional(),
  /** Files of the root, and their other names, which lie in roots of containers. Paths begin with a slash. */
  shared: z.array(z.strictObject({ file: z.string().startsWith("/"), names: z.array(z.string().startsWith("/containers/")) })).optional(),
  firewall: z
    .strictObject({
      /** Whether packets pass that concern none of its networks. */
      forwards: z.boolean().optional(),
      /** What is reached only by its own name. */
      closed: z.array(z.strictObject({ to: z.cidrv4(), protocol: protocol.optional(), ports: z.array(port).optional() })),
      networks: z.array(network),
    })
    .optional(),
});

export type ContainerDescription = z.infer<typeof containerDescriptionSchema>;
export type MachineDescription = z.infer<typeof machineDescriptionSchema>;

/** A description as the guest reads it; members without a value are left out. */
export function descriptionText(description: ContainerDescription | MachineDescription): string {
  return `${JSON.stringify(description)}\n`;
}
