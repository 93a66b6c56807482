import { Config } from "@pulumi/pulumi";
import { debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { Fleet } from "pulumi-linuxkit/azure";

const config = new Config();

const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() }), new OnbootTask("metadata", { image: debian.metadata({ cloud: "azure" }) })],
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
  // the load balancer's probe asks GET /healthz
  healthPort: 8090,
});

const fleet = new Fleet("web", {
  image: os,
  count: 2,
  instanceType: "Standard_B2s",
  ports: [80],
  // seconds between two machines
  instanceWarmup: 10,
  resourceGroupName: config.require("resourceGroupName"),
  // `pulumi config set subnetId /subscriptions/…/subnets/…`
  subnetId: config.require("subnetId"),
});

export const groupName = fleet.groupName;
export const imageId = fleet.nodes.machineImage.imageId;
/** The version's number. */
export const version = fleet.nodes.machineImage.nodes.version?.name;
export const diskName = fleet.nodes.machineImage.nodes.upload.name;
