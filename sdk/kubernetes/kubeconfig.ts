import type { KeyPair } from "../api/certificate.ts";

/** Who reaches which API server. */
export interface Access {
  /** `https://HOST:PORT` */
  readonly server: string;
  /** The authority of the API server's certificate, as PEM. */
  readonly authority: string;
  readonly user: KeyPair;
}

/**
 * A kubeconfig with all keys in it, as JSON, which is YAML. It is a secret.
 *
 * Source: kubernetes.io, "Organizing Cluster Access Using kubeconfig Files"; k8s.io/client-go, tools/clientcmd/api/v1/types.go.
 */
export function kubeconfig(name: string, { server, authority, user }: Access): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(authority) } }],
    users: [{ name, user: { "client-certificate-data": base64(user.certificate), "client-key-data": base64(user.key) } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
