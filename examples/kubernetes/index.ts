import { Config } from "@pulumi/pulumi";
import { File } from "pulumi-linuxkit";
import { KubernetesCluster } from "pulumi-linuxkit/kubernetes";

const config = new Config();
/** A folder with kubelet and the other programs of the version, as Kubernetes releases them. */
const programs = config.require("programs");
/** Files of `docker save` for a computer that reaches no registry: the pause image, and those of pods. */
const archives = config.getObject<string[]>("archives") ?? [];
const apiPort = config.getNumber("apiPort") ?? 6443;
const timeoutSeconds = config.getNumber("timeoutSeconds") ?? 600;

const cluster = new KubernetesCluster("demo", {
  version: config.get("version") ?? "1.34.4",
  programs,
  archives,
  workers: config.getNumber("workers") ?? 1,
  apiPort,
  control: { timeoutSeconds },
  // the node port 30080 of a service, on this computer
  // another note is another OS: its machines are replaced one after the other
  image: { files: [new File("etc/release-note", { contents: config.get("note") ?? "first" })] },
  worker: { timeoutSeconds, publish: [`${config.getNumber("port") ?? 8080}:30080`] },
});

/** For kubectl: `pulumi stack output kubeconfig --show-secrets >kubeconfig`. */
export const kubeconfig = cluster.kubeconfig;
export const server = cluster.server;
/** Where each worker answers for a service with the node port 30080. */
export const urls = cluster.ports.apply((ports) =>
  Object.values(ports).flatMap(({ "30080/tcp": port }) => (port === undefined ? [] : [`http://127.0.0.1:${port}/`])),
);
