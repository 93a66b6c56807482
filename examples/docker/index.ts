import { Config } from "@pulumi/pulumi";
import { debian, docker, Image, Kernel, OnbootTask, Volume } from "pulumi-linuxkit";
import { Disk, Machine } from "pulumi-linuxkit/qemu";

const config = new Config();
/** The image that runs: pulled, unless `archive` is a file of `docker save` that has it. */
const image = config.get("image") ?? "nginx:1.27";
const archive = config.get("archive");
const port = config.getNumber("port") ?? 8080;

const data = new Volume("docker", { persistent: { serial: "docker" } });

const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  volumes: [data],
  services: docker({
    data,
    images: [archive === undefined ? image : `docker-archive:${archive}`],
    containers: { web: { image, options: ["--publish", "8080:80", "--volume", "web:/data"] } },
    daemon: { "log-opts": { "max-size": "10m" } },
  }),
});

const machine = new Machine("docker", {
  image: os,
  memoryMiB: 1024,
  disks: [new Disk("docker", { sizeMiB: 4096 })],
  publish: [`${port}:8080/tcp`],
});

/** The page of the container. */
export const url = machine.url;
