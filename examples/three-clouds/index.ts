import { Config } from "@pulumi/pulumi";
import { debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import * as aws from "pulumi-linuxkit/aws";
import * as azure from "pulumi-linuxkit/azure";
import * as gcp from "pulumi-linuxkit/gcp";

const config = new Config();

const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
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
  // each cloud's health check asks GET /healthz
  healthPort: 8080,
});

const count = 2;

const onAws = new aws.Fleet("web-aws", {
  image: os,
  count,
  instanceType: "t3.micro",
  subnetIds: config.requireObject<string[]>("subnetIds"),
});

const onGoogle = new gcp.Fleet("web-gcp", {
  image: os,
  count,
  instanceType: "e2-micro",
  // a firewall rule of the network must let Google's health checks reach machines with this tag
  networkTags: ["web"],
});

const onAzure = new azure.Fleet("web-azure", {
  image: os,
  count,
  instanceType: "Standard_B2s",
  resourceGroupName: config.require("resourceGroupName"),
  subnetId: config.require("subnetId"),
});

/** The operating system's plan digest, the same on every cloud. */
export const plans = [onAws, onGoogle, onAzure].map(({ nodes }) => nodes.machineImage.nodes.build.planDigest);
export const groups = { aws: onAws.groupName, gcp: onGoogle.groupName, azure: onAzure.groupName };
export const images = {
  aws: onAws.nodes.machineImage.imageId,
  gcp: onGoogle.nodes.machineImage.imageId,
  azure: onAzure.nodes.machineImage.imageId,
};
