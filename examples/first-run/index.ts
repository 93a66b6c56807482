import { Config } from "@pulumi/pulumi";
import { debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";

const config = new Config();
const cloud = config.get("cloud") ?? "qemu";
/** One machine; from two on, a fleet. */
const count = config.getNumber("count") ?? 1;

const image = new Image({
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
  // a fleet's health checks ask GET /healthz
  healthPort: 8080,
});

/** Starts the machines. Each cloud's packages are loaded only where that cloud is chosen. */
async function start() {
  switch (cloud) {
    case "qemu": {
      const { Fleet, Machine } = await import("pulumi-linuxkit/qemu");
      if (count > 1) return { urls: new Fleet("web", { image, count, publish: ["8080:80/tcp"] }).urls };
      return { url: new Machine("web", { image, publish: ["8080:80/tcp"] }).url };
    }
    case "aws": {
      const { Fleet, Machine } = await import("pulumi-linuxkit/aws");
      const subnetIds = config.requireObject<string[]>("subnetIds");
      const common = { image, instanceType: "t3.micro", encrypted: true, securityGroupIds: config.getObject<string[]>("securityGroupIds") };
      if (count > 1) return { group: new Fleet("web", { ...common, count, subnetIds }).groupName };
      return { instance: new Machine("web", { ...common, subnetId: subnetIds[0] }).instanceId };
    }
    case "gcp": {
      const { Fleet, Machine } = await import("pulumi-linuxkit/gcp");
      const common = { image, instanceType: "e2-micro", networkTags: ["web"] };
      if (count > 1) return { group: new Fleet("web", { ...common, count }).groupName };
      return { instance: new Machine("web", common).instanceId };
    }
    case "azure": {
      const { Fleet, Machine } = await import("pulumi-linuxkit/azure");
      const place = { resourceGroupName: config.require("resourceGroupName"), subnetId: config.require("subnetId") };
      const common = { image, instanceType: "Standard_B2s", ...place };
      if (count > 1) return { group: new Fleet("web", { ...common, count }).groupName };
      return { instance: new Machine("web", common).instanceId };
    }
    default:
      throw new Error(`cloud: got ${JSON.stringify(cloud)}, wanted qemu, aws, gcp or azure`);
  }
}

export const machines = await start();
