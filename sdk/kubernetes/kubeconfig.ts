import type { KeyPair } from "../api/certificate.ts";

/** Who reaches which API servers. */
export interface Access {
  /** `https://HOST:PORT` of each. */
  readonly servers: readonly string[];
  /** The authority of the API server's certificate, as PEM. */
  readonly authority: string;
  readonly user: KeyPair;
}

/**
 * A kubeconfig with all keys in it, as JSON, which is YAML. It is a secret. The context `NAME` leads to the first server, `NAME-2` to the
 * second one.
 *
 * Source: kubernetes.io, "Organizing Cluster Access Using kubeconfig Files"; k8s.io/client-go, tools/clientcmd/api/v1/types.go.
 */
export function kubeconfig(name: string, { servers, authority, user }: Access): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: servers.map((server, index) => ({
      name: numbered(name, index),
      cluster: { server, "certificate-authority-data": base64(authority) },
    })),
    users: [{ name, user: { "client-certificate-data": base64(user.certificate), "client-key-data": base64(user.key) } }],
    contexts: servers.map((_, index) => ({ name: numbered(name, index), context: { cluster: numbered(name, index), user: name } })),
    "current-context": name,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

function numbered(name: string, index: number): string {
  return index === 0 ? name : `${name}-${index + 1}`;
}
