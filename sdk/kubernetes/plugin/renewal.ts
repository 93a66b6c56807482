import { type ApiServer, call } from "./client.ts";

const BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
const NAME = "pulumi-linuxkit:nodes-renew-their-certificates";

/**
 * Lets the controller manager sign the certificates by which kubelets renew their own: each asks for its own name alone. The API server
 * makes the role, and binds it to no one.
 *
 * Source: kubernetes.io, "TLS bootstrapping", "Approval".
 */
export async function allowRenewal(api: ApiServer, signal: AbortSignal): Promise<void> {
  const group = { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:nodes" };
  const role = "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient";
  const body = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: NAME },
    subjects: [group],
    roleRef: { apiGroup: group.apiGroup, kind: "ClusterRole", name: role },
  };
  // 409: it is there
  await call(api, { method: "POST", path: BINDINGS, body, accept: [409], signal });
}
