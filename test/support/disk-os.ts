import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { build, type BuildOptions, type Built, debian, Image, Kernel, OnbootTask, Service } from "../../sdk/index.ts";
import { noise } from "./disks.ts";

/** An OS of one web service with a segment of its own, which holds this many incompressible bytes. The service answers with `page`. */
export function diskOs(
  page: string,
  { cmdline = "console=ttyS0", bytes = 600_000 }: { readonly cmdline?: string; readonly bytes?: number } = {},
): Image {
  return new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
    services: [
      new Service("web", {
        // a package that the init lacks, else both would share a segment
        image: debian.packages({
          packages: ["busybox-static", "netbase"],
          files: [
            { path: "www/index.html", contents: page },
            { path: "www/noise", contents: noise(Math.round((bytes * 3) / 4), "web").toString("base64") },
          ],
        }),
        command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/www"],
        capabilities: ["CAP_NET_BIND_SERVICE"],
        health: { http: { port: 80 } },
      }),
    ],
  });
}

let folders: Promise<string> | undefined;
let builds = 0;
after(async () => folders && rm(await folders, { recursive: true, force: true }));

/** Builds into a folder that is deleted after the tests, with the shared cache. */
export async function buildDisks(
  image: Image,
  options: Omit<BuildOptions, "outputDir">,
): Promise<Built & { path(suffix: string): string }> {
  folders ??= mkdtemp(join(tmpdir(), "linuxkit-disks-"));
  const outputDir = join(await folders, String(builds++));
  const built = await build(image, { name: "os", ...options, outputDir });
  return { ...built, path: (suffix) => join(outputDir, `os${suffix}`) };
}
