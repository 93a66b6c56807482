import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { authorityOf, makeAuthority } from "../../sdk/api/certificate.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { type Issuer, administrator, machineSecrets, makeAuthorities } from "../../sdk/kubernetes/keys.ts";
import { kubeconfig } from "../../sdk/kubernetes/kubeconfig.ts";
import { type ApiServer, call } from "../../sdk/kubernetes/plugin/client.ts";
import { awaitNode, cordon, drain, type NodeWork, removeNode, uncordon } from "../../sdk/kubernetes/plugin/drain.ts";
import { allowRenewal } from "../../sdk/kubernetes/plugin/renewal.ts";
import { type NodeObject, readNode, takesPods } from "../../sdk/kubernetes/plugin/objects.ts";
import { judge, scratch } from "../support/judge.ts";
import { alone, ensureDebProgram, nativeControlPlane, type NativeControlPlane, NETWORKS } from "./support/native.ts";
import { ensureKubernetesPrograms, KUBERNETES } from "./support/programs.ts";
import { exampleWorkload } from "./support/workload.ts";

const etcdFolder = await ensureDebProgram("etcdctl");
const signal = AbortSignal.timeout(600_000);
const issuer: Issuer = { authorities: makeAuthorities(30), networks: NETWORKS, days: 30 };
const ca = issuer.authorities.cluster.certificate;
const admin = administrator(issuer);
const authority = authorityOf(issuer.authorities.cluster, 30);
const client = (name: string, group?: string) =>
  ({ ca, ...authority.issue({ name, ...(group !== undefined && { role: group }), use: "client" }) }) as const;

function etcdctl({ folder, port }: NativeControlPlane, ...args: string[]): void {
  const keys = ["--cacert", join(folder, "etcd/ca.crt"), "--cert", join(folder, "etcd/tls.crt"), "--key", join(folder, "etcd/tls.key")];
  judge("env", "ETCDCTL_API=3", join(etcdFolder, "etcdctl"), "--endpoints", `https://127.0.0.1:${port("2379")}`, ...keys, ...args);
}

describe("the control plane's own flags and keys, on this host", { timeout: 600_000 }, () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  let plane: NativeControlPlane;
  let api: ApiServer;
  before(async () => {
    folder = await scratch();
    const secrets = machineSecrets("cp1", { address: "127.0.0.1", role: "control-plane", names: [], addresses: [] }, issuer);
    plane = await nativeControlPlane(folder.path, secrets, { ca, ...admin }, await alone());
    api = { at: plane.at, keys: { ca, ...admin } };
  });
  after(async () => {
    await plane?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** A node as a kubelet registers it. */
  const register = (name: string, boot: string, as: ApiServer = api) =>
    call(as, { method: "POST", path: "/api/v1/nodes", body: { apiVersion: "v1", kind: "Node", metadata: { name } }, signal }).then(() =>
      report(name, boot, "True", as),
    );
  const report = (name: string, boot: string, ready: "True" | "False", as: ApiServer = api) =>
    call(as, {
      method: "PATCH",
      path: `/api/v1/nodes/${name}/status`,
      body: {
        status: {
          conditions: [
            { type: "Ready", status: ready, reason: "Test", message: "as the test says", lastHeartbeatTime: new Date().toISOString() },
          ],
          nodeInfo: {
            ...{ bootID: boot, kubeletVersion: `v${KUBERNETES}`, architecture: "amd64", containerRuntimeVersion: "", kernelVersion: "" },
            ...{ kubeProxyVersion: "", machineID: "", operatingSystem: "linux", osImage: "", systemUUID: "" },
          },
        },
      },
      signal,
    });
  const work = (name: string, seconds = 30): NodeWork => ({ api, name, signal, seconds, progress: () => {} });

  test("kubectl works with the kubeconfig", async () => {
    const file = join(folder.path, "admin.conf");
    await writeFile(file, kubeconfig("test", { servers: [`https://${plane.at}`], authority: ca, user: admin }), { mode: 0o600 });
    const kubectl = join(await ensureKubernetesPrograms(), "kubectl");
    assert.match(judge(kubectl, "--kubeconfig", file, "version"), new RegExp(`Server Version: v${KUBERNETES}`));
    assert.match(judge(kubectl, "--kubeconfig", file, "auth", "can-i", "*", "*"), /yes/);
    assert.match(judge(kubectl, "--kubeconfig", file, "get", "--raw", "/readyz"), /^ok$/);
  });

  test("the API server knows every field of the example's workload", async () => {
    const [file, objects] = ["admin.conf", "workload.json"].map((name) => join(folder.path, name)) as [string, string];
    await writeFile(file, kubeconfig("test", { servers: [`https://${plane.at}`], authority: ca, user: admin }), { mode: 0o600 });
    await writeFile(objects, await exampleWorkload());
    const kubectl = join(await ensureKubernetesPrograms(), "kubectl");
    const said = judge(kubectl, "--kubeconfig", file, "apply", "--dry-run=server", "--validate=strict", "-f", objects);
    for (const kind of ["deployment.apps", "poddisruptionbudget.policy", "service"]) assert.ok(said.includes(`${kind}/web created`), said);
  });

  describe("a client is refused", () => {
    const foreign = makeAuthority("kubernetes", 30);
    const rows: readonly { readonly name: string; readonly keys: () => ApiServer["keys"]; readonly code: "ACCESS_DENIED" | "NETWORK" }[] = [
      {
        name: "with a certificate of another authority of the same name",
        keys: () => ({ ca, ...foreign.issue({ name: "administrator", role: "system:masters", use: "client" }) }),
        code: "ACCESS_DENIED",
      },
      {
        name: "with an expired certificate",
        keys: () => ({
          ca,
          ...authorityOf(issuer.authorities.cluster, 1, new Date(Date.now() - 40 * 86_400_000)).issue({
            name: "administrator",
            role: "system:masters",
            use: "client",
          }),
        }),
        code: "ACCESS_DENIED",
      },
      {
        name: "with a certificate for servers",
        keys: () => ({ ca, ...authority.issue({ name: "administrator", role: "system:masters", use: "server" }) }),
        code: "ACCESS_DENIED",
      },
      {
        name: "with a key of etcd's authority",
        keys: () => ({
          ca,
          ...authorityOf(issuer.authorities.etcd, 30).issue({ name: "administrator", role: "system:masters", use: "client" }),
        }),
        code: "ACCESS_DENIED",
      },
      { name: "that expects another authority", keys: () => ({ ...admin, ca: foreign.certificate }), code: "NETWORK" },
      { name: "that is nobody's", keys: () => client("nobody"), code: "ACCESS_DENIED" },
    ];
    for (const { name, keys, code } of rows) {
      test(name, async () => {
        const answer = call({ at: plane.at, keys: keys() }, { path: "/api/v1/nodes", signal });
        await assert.rejects(answer, (error) => {
          assert.ok(isLinuxKitError(error, code), `${error}`);
          assert.doesNotMatch(error.message, /BEGIN|PRIVATE/);
          return true;
        });
      });
    }
    test("and the administrator is not", async () => assert.equal((await call(api, { path: "/api/v1/nodes", signal })).status, 200));
  });

  test("a node changes itself alone", async () => {
    const one = { at: plane.at, keys: client("system:node:own", "system:nodes") };
    await register("own", "boot-1", one);
    await report("own", "boot-2", "True", one);
    await register("other", "boot-1");
    const denied = (promise: Promise<unknown>) => assert.rejects(promise, (error) => isLinuxKitError(error, "ACCESS_DENIED"));
    await denied(report("other", "boot-2", "False", one));
    await denied(register("third", "boot-1", one));
    // a label by which it would be the control plane's
    const labels = { metadata: { labels: { "node-role.kubernetes.io/control-plane": "" } } };
    await denied(call(one, { method: "PATCH", path: "/api/v1/nodes/own", body: labels, signal }));
    await denied(call(one, { path: "/api/v1/namespaces/kube-system/secrets", signal }));
    for (const name of ["own", "other"]) await removeNode(work(name));
  });

  test("the controller manager signs the certificate that a kubelet asks for itself, and none for another", async () => {
    await allowRenewal(api, signal);
    await allowRenewal(api, signal);
    const path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
    const ask = async (name: string, subject: string): Promise<string> => {
      const key = join(folder.path, `${name}.key`);
      const request = judge(
        "openssl",
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        key,
        "-subj",
        subject,
      );
      const pem = request.slice(request.indexOf("-----BEGIN CERTIFICATE REQUEST"));
      const spec = {
        request: Buffer.from(pem).toString("base64"),
        signerName: "kubernetes.io/kube-apiserver-client-kubelet",
        usages: ["digital signature", "client auth"],
      };
      const one = { at: plane.at, keys: client("system:node:own", "system:nodes") };
      await call(one, {
        method: "POST",
        path,
        body: { apiVersion: "certificates.k8s.io/v1", kind: "CertificateSigningRequest", metadata: { name }, spec },
        signal,
      });
      for (let tries = 0; tries < 50; tries++) {
        const { body } = await call(api, { path: `${path}/${name}`, signal });
        const { status } = body as { status?: { certificate?: string } };
        if (status?.certificate !== undefined) return Buffer.from(status.certificate, "base64").toString();
        await sleep(200);
      }
      return "";
    };
    const signed = new X509Certificate(await ask("own", "/O=system:nodes/CN=system:node:own"));
    assert.equal(signed.subject, "O=system:nodes\nCN=system:node:own");
    assert.ok(signed.checkIssued(new X509Certificate(ca)) && signed.verify(new X509Certificate(ca).publicKey));
    await assert.rejects(ask("other", "/O=system:nodes/CN=system:node:other"), (error) => isLinuxKitError(error, "ACCESS_DENIED"));
  });

  test("a snapshot of etcd brings back what was there, and nothing later", async () => {
    const maps = "/api/v1/namespaces/default/configmaps";
    const create = (name: string) =>
      call(api, { method: "POST", path: maps, body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name } }, signal });
    const isThere = async (name: string) => (await call(api, { path: `${maps}/${name}`, accept: [404], signal })).status === 200;
    const [snapshot, data, restored] = ["snapshot.db", "data/data", "data/restored"].map((name) => join(folder.path, name)) as [
      string,
      string,
      string,
    ];
    await create("before");
    etcdctl(plane, "snapshot", "save", snapshot);
    await create("after");
    const peer = `https://127.0.0.1:${plane.port("2380")}`;
    const itself = ["--name", "cp1", "--initial-cluster", `cp1=${peer}`, "--initial-advertise-peer-urls", peer];
    etcdctl(plane, "snapshot", "restore", snapshot, "--data-dir", restored, ...itself);
    await plane.end("etcd");
    await rename(data, `${data}.lost`);
    await rename(restored, data);
    plane.start("etcd");
    // the API server remembers what it has read: on a machine, its own check restarts it, or the administrator does
    await plane.end("apiserver");
    plane.start("apiserver");
    await plane.ready();
    assert.deepEqual([await isThere("before"), await isThere("after")], [true, false]);
  });

  describe("a node that is replaced", () => {
    const pods = "/api/v1/namespaces/default/pods";
    before(async () => {
      for (const name of ["a", "b"]) await register(name, "boot-1");
    });
    after(async () => {
      for (const name of ["a", "b"]) await removeNode(work(name));
    });
    const pod = (name: string, more: object = {}) => ({
      ...{ apiVersion: "v1", kind: "Pod", metadata: { name, labels: { app: "web" }, ...more } },
      // of a node that this test makes: no kubelet ends it, so it ends at once
      spec: { nodeName: "a", terminationGracePeriodSeconds: 0, containers: [{ name: "web", image: "web" }] },
    });
    const create = (path: string, body: object) => call(api, { method: "POST", path, body, signal });
    const owned = { ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "0", controller: true }] };

    test("is cordoned, and open again in another boot", async () => {
      await cordon(work("a"));
      assert.equal((await readNode(api, "a", signal))?.spec.unschedulable, true);
      await assert.rejects(awaitNode(work("a", 2), KUBERNETES), /waited 2 s for node a to be ready: it has not registered since its start/);
      await report("a", "boot-2", "True");
      await awaitNode(work("a"), KUBERNETES);
      await uncordon(work("a"));
      const found = await readNode(api, "a", signal);
      assert.equal(found?.spec.unschedulable, false);
      assert.doesNotMatch(Object.keys(found?.metadata.annotations ?? {}).join(), /pulumi/);
    });

    test("is refused with another version", async () =>
      assert.rejects(awaitNode(work("a"), "1.35.0"), /version: got 1.35.0, but the programs of node a are v1.34/));

    test("stays cordoned if someone else had cordoned it", async () => {
      await call(api, { method: "PATCH", path: "/api/v1/nodes/a", body: { spec: { unschedulable: true } }, signal });
      await cordon(work("a"));
      await uncordon(work("a"));
      assert.equal((await readNode(api, "a", signal))?.spec.unschedulable, true);
      await call(api, { method: "PATCH", path: "/api/v1/nodes/a", body: { spec: { unschedulable: null } }, signal });
    });

    test("is drained as far as the budgets of its pods allow", async () => {
      // a new node has a taint until the controller manager sees it ready
      while (!takesPods((await readNode(api, "b", signal)) as NodeObject)) await sleep(200, undefined, { signal });
      // from here on the test says what a budget allows
      await plane.end("controllers");
      const budget = {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: { name: "web" },
        spec: { minAvailable: 1, selector: { matchLabels: { app: "web" } } },
      };
      await create("/apis/policy/v1/namespaces/default/poddisruptionbudgets", budget);
      await create("/api/v1/namespaces/default/serviceaccounts", {
        apiVersion: "v1",
        kind: "ServiceAccount",
        metadata: { name: "default" },
      }).catch(() => {});
      await create(pods, pod("moved", owned));
      await create(pods, pod("alone"));
      // a pod that does not run yet is no concern of a budget
      for (const name of ["moved", "alone"])
        await call(api, {
          method: "PATCH",
          path: `${pods}/${name}/status`,
          body: { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } },
          signal,
        });
      const names = async () =>
        ((await call(api, { path: pods, signal })).body as { items: { metadata: { name: string } }[] }).items
          .map(({ metadata }) => metadata.name)
          .sort();
      await report("b", "boot-1", "True");
      await assert.rejects(
        drain(work("a", 3)),
        /waited 3 s for the pods of a to end:\ndefault\/moved: Cannot evict pod as it would violate the pod's disruption budget/,
      );
      assert.deepEqual(await names(), ["alone", "moved"]);
      const status = { status: { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2, observedGeneration: 1 } };
      await call(api, {
        method: "PATCH",
        path: "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web/status",
        body: status,
        signal,
      });
      assert.equal(await drain(work("a")), true);
      assert.deepEqual(await names(), ["alone"]);
      // where no other node takes pods, those of this one end with it and start with it
      await report("b", "boot-1", "False");
      await create(pods, pod("stays", owned));
      assert.equal(await drain(work("a")), false);
      assert.deepEqual(await names(), ["alone", "stays"]);
      plane.start("controllers");
    });
  });
});
