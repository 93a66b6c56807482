import { Config } from "@pulumi/pulumi";
import { debian, File, Image, ImageBuild, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { Machine } from "pulumi-linuxkit/qemu";

const port = new Config().getNumber("port") ?? 8080;

const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  services: [
    new Service("web", {
      image: debian.packages({ packages: ["nginx-light"], command: ["nginx", "-g", "daemon off;"] }),
      capabilities: ["CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE"],
      // the page is part of the image; the second bind shows which boot answers
      binds: ["/srv/web:/var/www/html:ro", "/run/linuxkit/boot_id:/var/www/html/boot_id:ro"],
      tmpfs: ["/run", "/tmp", "/var/log/nginx", "/var/lib/nginx"],
      restart: "always",
      health: { http: { port: 80 } },
    }),
  ],
  files: [
    new File("/srv/web/index.html", { source: "index.html", mode: "0644" }),
    new File("/srv/web/boot_id", { contents: "", mode: "0644" }),
  ],
});

const build = new ImageBuild("web", { image: os, format: "kernel+initrd" });
const machine = new Machine("web", { build, memoryMiB: 256, publish: [`${port}:80/tcp`] });

/** The page's URL; known once the service is healthy. */
export const url = machine.url;
/** The boot id, from the guest's console. */
export const bootId = machine.bootId;
/** sha256 of the artifact. */
export const digest = build.digest;
