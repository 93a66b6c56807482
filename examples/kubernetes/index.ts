import { Config } from "@pulumi/pulumi";
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
  worker: { timeoutSeconds, publish: [`${config.getNumber("port") ?? 8080}:30080`] },
});

/** For kubectl: `pulumi stack output kubeconfig --show-secrets >kubeconfig`. */
export const kubeconfig = cluster.kubeconfig;
export const server = cluster.server;
