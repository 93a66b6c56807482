import { readFileSync } from "node:fs";
import { debian, File, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";

const page = readFileSync(new URL("../examples/web/index.html", import.meta.url), "utf8");

/** The operating system of examples/web, with its page inline in place of the file. */
export const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  services: [
    new Service("web", {
      image: debian.packages({ packages: ["nginx-light"], command: ["nginx", "-g", "daemon off;"] }),
      capabilities: ["CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE"],
      binds: ["/srv/web:/var/www/html:ro"],
      tmpfs: ["/run", "/tmp", "/var/log/nginx", "/var/lib/nginx"],
      restart: "always",
      health: { http: { port: 80 } },
    }),
  ],
  files: [new File("/srv/web/index.html", { contents: page, mode: "0644" })],
});
