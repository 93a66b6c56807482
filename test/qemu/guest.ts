import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { build } from "../../sdk/builder/build.ts";
import { debian } from "../../sdk/debian/images.ts";
import { Image, Kernel, OnbootTask, Service } from "../../sdk/index.ts";
import type { Properties } from "../../sdk/plugin/value.ts";

/** A guest that works, one whose onboot task fails, one that never becomes healthy, and one whose service crashes. */
export type GuestKind = "web" | "broken" | "unhealthy" | "crashes";

/** The secret of the service. */
export const SECRET = "hush-hush\n";

const SHELL = { path: "bin/sh", symlink: "busybox" };
const script = (path: string, ...lines: string[]) => ({ path, mode: "0755", contents: ["#!/bin/sh", ...lines, ""].join("\n") });
/** A page whose text is what a command prints. */
const page = (name: string, command: string) =>
  script(`www/cgi-bin/${name}`, "printf 'Content-Type: text/plain\\r\\n\\r\\n'", `${command} 2>/dev/null`);

// saves the boot ID that the previous boot wrote to the disk, and writes that of this boot
const stamp = new OnbootTask("stamp", {
  image: debian.packages({
    packages: ["busybox-static"],
    files: [
      SHELL,
      script(
        "bin/stamp",
        "[ -e /dev/vda ] || exit 0",
        "dd if=/dev/vda bs=36 count=1 | tr -d '\\0' >/run/stamp/stamp",
        "dd if=/proc/sys/kernel/random/boot_id of=/dev/vda bs=36 count=1 conv=notrunc,fsync",
      ),
    ],
    command: ["stamp"],
  }),
  binds: ["/dev:/dev", "/run/stamp:/run/stamp"],
  devices: [{ path: "all", type: "a" }],
  runtime: { mkdir: ["/run/stamp"] },
});

const web = (port: number) =>
  new Service("web", {
    image: debian.packages({
      packages: ["busybox-static"],
      files: [
        SHELL,
        { path: "www/index.html", contents: "it works\n" },
        page("userdata", "cat /run/config/userdata"),
        page("secret", "cat /run/secrets/key"),
        page("serial", "cat /sys/block/vda/serial; echo"),
        page("size", "cat /sys/block/vda/size"),
        page("stamp", "cat /run/stamp/stamp"),
      ],
      command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/www"],
    }),
    capabilities: ["CAP_NET_BIND_SERVICE"],
    binds: ["/run/config:/run/config:ro", "/run/stamp:/run/stamp:ro"],
    secrets: { key: "" },
    stopTimeout: 1,
    health: { tcp: { port }, interval: 1, timeout: 1, retries: 2 },
  });

const crashes = new Service("app", {
  image: debian.packages({ packages: ["busybox-static"], files: [SHELL] }),
  command: ["sh", "-c", "echo line $$ of the app; echo the token $(cat /run/secrets/key); echo cannot reach the database >&2; exit 7"],
  secrets: { key: "" },
  health: { tcp: { port: 82 } },
  publish: [],
});

function imageOf(kind: GuestKind): Image {
  const broken = new OnbootTask("broken", {
    image: debian.packages({ packages: ["busybox-static"], files: [SHELL] }),
    command: ["sh", "-c", "echo no such luck >&2; exit 3"],
  });
  return new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0 quiet" }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() }), stamp, ...(kind === "broken" ? [broken] : [])],
    services: [web(kind === "unhealthy" ? 81 : 80), ...(kind === "crashes" ? [crashes] : [])],
  });
}

let folder: Promise<string> | undefined;
const built = new Map<GuestKind, Promise<Properties>>();
after(async () => folder && rm(await folder, { recursive: true, force: true }));

/** Inputs of a machine that boots a guest. Each guest is built once per test file, from cached segments. */
export function guest(kind: GuestKind): Promise<Properties> {
  const made = built.get(kind) ?? make(kind);
  built.set(kind, made);
  return made;
}

async function make(kind: GuestKind): Promise<Properties> {
  folder ??= mkdtemp(join(tmpdir(), "guest-"));
  const outputDir = join(await folder, kind);
  const { files, digest, cmdline } = await build(imageOf(kind), { format: "kernel+initrd", outputDir, name: kind });
  const pathOf = (role: string): string => join(outputDir, files.find((file) => file.role === role)?.name ?? role);
  return {
    kernel: pathOf("kernel"),
    initrd: pathOf("initrd"),
    digest,
    cmdline,
    secrets: { web: { key: SECRET }, ...(kind === "crashes" && { app: { key: SECRET } }) },
  };
}
