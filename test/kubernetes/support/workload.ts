import { WEB } from "./programs.ts";

/**
 * Two pods on two nodes behind a node port, as they are written so that requests are answered while nodes are replaced: one is there
 * always (the budget), and one that ends answers until all nodes know (kubernetes.io, "Pod Lifecycle", "Termination of Pods").
 */
export const WORKLOAD = [
  {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          automountServiceAccountToken: false,
          topologySpreadConstraints: [
            {
              ...{ maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway" },
              labelSelector: { matchLabels: { app: "web" } },
            },
          ],
          // not five minutes, until a node that is lost is given up
          tolerations: ["unreachable", "not-ready"].map((state) => ({
            ...{ key: `node.kubernetes.io/${state}`, operator: "Exists", effect: "NoExecute", tolerationSeconds: 10 },
          })),
          containers: [
            {
              ...{ name: "web", image: WEB.name, imagePullPolicy: "Never" },
              lifecycle: { preStop: { sleep: { seconds: 15 } } },
              readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 2 },
            },
          ],
        },
      },
    },
  },
  {
    ...{ apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "web" } },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } },
  },
  {
    ...{ apiVersion: "v1", kind: "Service", metadata: { name: "web" } },
    spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] },
  },
];
