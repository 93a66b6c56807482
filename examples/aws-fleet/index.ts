import { Config } from "@pulumi/pulumi";
import { debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { Fleet } from "pulumi-linuxkit/aws";

const config = new Config();

const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() }), new OnbootTask("metadata", { image: debian.metadata({ cloud: "aws" }) })],
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
});

const fleet = new Fleet("web", {
  image: os,
  count: 2,
  instanceType: "t3.micro",
  // `pulumi config set --path 'subnetIds[0]' subnet-…`
  subnetIds: config.requireObject<string[]>("subnetIds"),
});

export const groupName = fleet.groupName;
/** The version of the launch template that every machine runs. */
export const launchTemplateVersion = fleet.launchTemplateVersion;
export const imageId = fleet.nodes.machineImage.imageId;
export const snapshotId = fleet.nodes.machineImage.snapshotId;
