import { debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";

/** A web server. A pull request that changes a line of it gets a comment that says what this means for the machine. */
export const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  services: [
    new Service("web", {
      image: debian.packages({ packages: ["nginx-light"], command: ["nginx", "-g", "daemon off;"] }),
      capabilities: ["CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_DAC_OVERRIDE"],
      tmpfs: ["/run", "/tmp", "/var/log/nginx", "/var/lib/nginx"],
      publish: ["80"],
      health: { http: { port: 80 } },
    }),
  ],
});
