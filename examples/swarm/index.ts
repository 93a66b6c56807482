import { Config } from "@pulumi/pulumi";
import { SwarmCluster } from "pulumi-linuxkit/swarm";

const config = new Config();
/** A file of `docker save` with the image of the service; without it, nodes pull images. */
const archive = config.get("archive");
const port = config.getNumber("port") ?? 8080;

const swarm = new SwarmCluster("swarm", {
  managers: 3,
  docker: {
    images: archive === undefined ? [] : [`docker-archive:${archive}`],
    daemon: { "log-opts": { "max-size": config.get("logSize") ?? "10m" } },
  },
  machine: { memoryMiB: config.getNumber("memoryMiB") ?? 1024, diskMiB: 4096, publish: [`${port}:8080/tcp`] },
  autolock: config.getBoolean("autolock") ?? false,
});

/** Where each engine answers, a value of DOCKER_HOST. */
export const { endpoints, client, unlockKey } = swarm;
/** The port at which each node answers for every service that publishes port 8080. */
export const urls = swarm.ports.apply((ports) => Object.values(ports).map((of) => `http://127.0.0.1:${of["8080/tcp"]}/`));
