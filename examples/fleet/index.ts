import { Config } from "@pulumi/pulumi";
import { debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { Fleet } from "pulumi-linuxkit/qemu";

const port = new Config().getNumber("port") ?? 8080;

const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  services: [
    new Service("web", {
      image: debian.packages({
        packages: ["busybox-static"],
        files: [{ path: "www/index.html", contents: "version one\n" }],
        command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/www"],
      }),
      capabilities: ["CAP_NET_BIND_SERVICE"],
      health: { http: { port: 80 } },
    }),
  ],
});

// change the page and run `pulumi up`: one machine after another is replaced, and one always answers
const fleet = new Fleet("web", { image: os, count: 2, memoryMiB: 192, publish: [`${port}:80/tcp`] });

/** The URL of each machine. */
export const urls = fleet.urls;
/** The boot id of each machine. */
export const bootIds = fleet.machines.apply((machines) => machines.map(({ bootId }) => bootId));
