import { Config } from "@pulumi/pulumi";
import { debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { Fleet } from "pulumi-linuxkit/gcp";

const config = new Config();

const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() }), new OnbootTask("metadata", { image: debian.metadata({ cloud: "gcp" }) })],
  services: [
    new Service("web", {
      image: debian.packages({
        packages: ["busybox-static", "netbase"],
        files: [{ path: "www/index.html", contents: config.get("page") ?? "it works" }],
      }),
      command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/www"],
      capabilities: ["CAP_NET_BIND_SERVICE"],
      health: { http: { port: 80 } },
    }),
  ],
  // the group's health check asks GET /healthz
  healthPort: 8080,
});

const fleet = new Fleet("web", {
  image: os,
  count: 2,
  instanceType: "e2-micro",
  // a firewall rule of the network must let Google's health checks reach machines with this tag
  networkTags: ["web"],
});

export const groupName = fleet.groupName;
/** The instance template of every machine. */
export const instanceTemplate = fleet.instanceTemplate;
export const imageId = fleet.nodes.machineImage.imageId;
export const bucketName = fleet.nodes.machineImage.bucketName;
