import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { buildDefinition } from "../../sdk/builder/build.ts";
import type { Definition } from "../../sdk/definition/definition.ts";
import { debian } from "../../sdk/debian/images.ts";
import { Image, type ImageArgs, Kernel, OnbootTask, OnshutdownTask, Service } from "../../sdk/index.ts";
import { boot, type Booted, type BootOptions } from "../support/qemu.ts";

// runs the commands that it receives
const RUN = "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\ncat | sh 2>&1\n";

// all containers of the tests share this image: it is in the same segment as the init, and built once
const toolbox = debian.packages({
  packages: ["busybox-static"],
  files: [
    { path: "bin/sh", symlink: "busybox" },
    { path: "host", directory: true },
    { path: "www/cgi-bin/run", mode: "0755", contents: RUN },
  ],
});

type Fields<T extends abstract new (...args: never) => unknown> = Omit<
  ConstructorParameters<T>[1 & keyof ConstructorParameters<T>],
  "image" | "command"
>;

const sh = (script: string) => ({ image: toolbox, command: ["/bin/sh", "-c", script] });

/** A task that runs a shell script. */
export const task = (name: string, script: string, fields: Partial<Fields<typeof OnbootTask>> = {}) =>
  new OnbootTask(name, { ...sh(script), ...fields });
export const lastTask = (name: string, script: string, fields: Partial<Fields<typeof OnshutdownTask>> = {}) =>
  new OnshutdownTask(name, { ...sh(script), ...fields });
/** A service that runs a shell script. It stops quickly by default. */
export const service = (name: string, script: string, fields: Partial<Fields<typeof Service>> = {}) =>
  new Service(name, { ...sh(script), ...fields });

/** A service that sees the whole guest and runs the commands that its port receives. */
export const spy = ({
  port = 80,
  capabilities = ["CAP_SYS_PTRACE"],
  ...fields
}: { readonly port?: number; readonly capabilities?: string[] } & Pick<Fields<typeof Service>, "devices"> = {}) =>
  service("spy", `exec busybox httpd -f -p ${port} -h /www`, {
    tmpfs: ["/tmp"],
    pid: "host",
    net: "host",
    binds: ["/:/host:ro"],
    capabilities: ["CAP_NET_BIND_SERVICE", "CAP_DAC_READ_SEARCH", "CAP_SYS_ADMIN", ...capabilities],
    health: { tcp: { port } },
    ...fields,
  });

/** The output of a script that the spy of a machine runs. */
export function ask(machine: Booted, script: string, port = 80): Promise<string> {
  return askAt(`http://127.0.0.1:${machine.port(port)}`, script, 30_000);
}

/** The output of a script that the spy at a URL runs. */
export async function askAt(url: string, script: string, longestMs = 60_000): Promise<string> {
  const answer = await fetch(`${url}/cgi-bin/run`, { method: "POST", body: script, signal: AbortSignal.timeout(longestMs) });
  return answer.text();
}

/** The address that QEMU's user network gives. */
export const dhcp = () => new OnbootTask("dhcp", { image: debian.dhcp() });

let folder: Promise<string> | undefined;
let builds = 0;
after(async () => folder && rm(await folder, { recursive: true, force: true }));

interface Built {
  readonly kernel: string;
  readonly initrd: string;
  readonly cmdline: string;
  /** The root, where the format has it apart from the initrd. */
  readonly disk?: string;
}

/** Builds an image with Debian's kernel and the guest's own init, and boots it. */
export async function bootImage(parts: Omit<ImageArgs, "kernel">, options: Partial<BootOptions> = {}): Promise<Booted> {
  return boot({ ...(await buildImage(parts)), ...options });
}

export async function buildImage(parts: Omit<ImageArgs, "kernel">, format?: BootFormat): Promise<Built> {
  return buildWhole(
    new Image({ kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }), init: [debian.init()], ...parts }).spec,
    format,
  );
}

type BootFormat = "kernel+initrd" | "kernel+squashfs-initrd" | "kernel+erofs";

/** Builds a complete definition. */
export async function buildWhole(definition: Definition, format: BootFormat = "kernel+initrd"): Promise<Built> {
  folder ??= mkdtemp(join(tmpdir(), "linuxkit-image-"));
  const outputDir = join(await folder, String(builds++));
  const { files, cmdline } = await buildDefinition(definition, { format, outputDir, name: "test" });
  const path = (role: string): string => join(outputDir, files.find((file) => file.role === role)?.name ?? role);
  const kernel = path("kernel");
  if (format === "kernel+erofs") return { kernel, initrd: path("base-initrd"), cmdline, disk: path("root") };
  return { kernel, initrd: path(format === "kernel+initrd" ? "initrd" : "squashfs-initrd"), cmdline };
}
