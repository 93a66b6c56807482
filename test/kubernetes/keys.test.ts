import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { administrator, type Issuer, type KeyHolder, machineSecrets, makeAuthorities } from "../../sdk/kubernetes/keys.ts";
import { kubernetesKeys } from "../../sdk/kubernetes/plugin/keys.ts";
import { Secret } from "../../sdk/plugin/value.ts";
import { judge, scratch } from "../support/judge.ts";

const networks = { pods: "10.244.0.0/16", services: "10.96.0.0/16" };
const issuer: Issuer = { authorities: makeAuthorities(30), networks, days: 30 };
const control = {
  role: "control-plane" as const,
  address: "10.77.0.11",
  names: ["api.example.com"],
  addresses: ["192.0.2.7"],
} satisfies KeyHolder;
const worker = { role: "worker" as const, address: "10.77.0.21", names: [], addresses: [] } satisfies KeyHolder;
const ofControl = machineSecrets("control-1", control, issuer);
const ofWorker = machineSecrets("worker-1", worker, issuer);

/** The keys inside a kubeconfig. */
function userOf(text: string | undefined) {
  const config = JSON.parse(String(text)) as {
    clusters: [{ cluster: { server: string; "certificate-authority-data": string } }];
    users: [{ user: Record<"client-certificate-data" | "client-key-data", string> }];
  };
  const decoded = (data: string): string => Buffer.from(data, "base64").toString();
  const { user } = config.users[0];
  return {
    server: config.clusters[0].cluster.server,
    ca: decoded(config.clusters[0].cluster["certificate-authority-data"]),
    certificate: decoded(user["client-certificate-data"]),
    key: decoded(user["client-key-data"]),
  };
}

describe("the keys of a cluster", () => {
  const { cluster, etcd, frontProxy } = issuer.authorities;
  const rows: readonly {
    readonly name: string;
    readonly certificate: string | undefined;
    readonly ca: string;
    readonly uses: readonly ("sslserver" | "sslclient")[];
    readonly subject: string;
    readonly hosts?: readonly string[];
    readonly addresses?: readonly string[];
  }[] = [
    {
      name: "API server",
      certificate: ofControl["apiserver"]?.["tls.crt"],
      ...{ ca: cluster.certificate, uses: ["sslserver"], subject: "CN=kube-apiserver" },
      hosts: ["kubernetes.default.svc.cluster.local", "kubernetes", "localhost", "control-1", "api.example.com"],
      addresses: ["10.96.0.1", "127.0.0.1", "10.77.0.11", "192.0.2.7"],
    },
    {
      name: "API server to kubelets",
      certificate: ofControl["apiserver"]?.["kubelet.crt"],
      ca: cluster.certificate,
      uses: ["sslclient"],
      subject: "O=system:masters\nCN=kube-apiserver-kubelet-client",
    },
    {
      name: "API server to etcd",
      certificate: ofControl["apiserver"]?.["etcd.crt"],
      ca: etcd.certificate,
      uses: ["sslclient"],
      subject: "CN=kube-apiserver-etcd-client",
    },
    {
      name: "API server to others of its kind",
      certificate: ofControl["apiserver"]?.["proxy.crt"],
      ca: frontProxy.certificate,
      uses: ["sslclient"],
      subject: "CN=front-proxy-client",
    },
    {
      name: "etcd",
      certificate: ofControl["etcd"]?.["tls.crt"],
      ca: etcd.certificate,
      uses: ["sslserver", "sslclient"],
      subject: "CN=control-1",
      hosts: ["localhost"],
      addresses: ["127.0.0.1", "10.77.0.11"],
    },
    {
      name: "controller manager",
      certificate: userOf(ofControl["controllers"]?.["kube.conf"]).certificate,
      ca: cluster.certificate,
      uses: ["sslclient"],
      subject: "CN=system:kube-controller-manager",
    },
    {
      name: "scheduler",
      certificate: userOf(ofControl["scheduler"]?.["kube.conf"]).certificate,
      ca: cluster.certificate,
      uses: ["sslclient"],
      subject: "CN=system:kube-scheduler",
    },
    {
      name: "kubelet",
      certificate: ofWorker["node"]?.["kubelet.crt"],
      ca: cluster.certificate,
      uses: ["sslserver"],
      subject: "O=system:nodes\nCN=system:node:worker-1",
      hosts: ["worker-1"],
      addresses: ["10.77.0.21"],
    },
    {
      name: "kubelet to the API server",
      certificate: userOf(ofWorker["node"]?.["kube.conf"]).certificate,
      ca: cluster.certificate,
      uses: ["sslclient"],
      subject: "O=system:nodes\nCN=system:node:worker-1",
    },
    {
      name: "kube-proxy",
      certificate: userOf(ofWorker["proxy"]?.["kube.conf"]).certificate,
      ca: cluster.certificate,
      uses: ["sslclient"],
      subject: "CN=system:kube-proxy",
    },
    {
      name: "administrator",
      certificate: administrator(issuer).certificate,
      ca: cluster.certificate,
      uses: ["sslclient"],
      subject: "O=system:masters\nCN=administrator",
    },
  ];

  for (const { name, certificate = "", ca, uses, subject, hosts = [], addresses = [] } of rows) {
    test(`openssl verifies that of ${name} for its use, its names and no other`, async () => {
      await using folder = await scratch();
      const [authority, own, foreign] = ["ca", "own", "foreign"].map((file) => join(folder.path, file)) as [string, string, string];
      await Promise.all([
        writeFile(authority, ca),
        writeFile(own, certificate),
        writeFile(foreign, makeAuthorities(1).cluster.certificate),
      ]);
      const verify = (...options: string[]): string => judge("openssl", "verify", "-x509_strict", "-CAfile", authority, ...options, own);
      for (const use of ["sslserver", "sslclient"] as const) {
        if (uses.includes(use)) assert.match(verify("-purpose", use), /OK/);
        else assert.throws(() => verify("-purpose", use), /certificate purpose/);
      }
      assert.throws(() => judge("openssl", "verify", "-CAfile", foreign, own), /verification failed/);
      for (const host of hosts) assert.match(verify("-verify_hostname", host), /OK/);
      for (const address of addresses) assert.match(verify("-verify_ip", address), /OK/);
      assert.throws(() => verify("-verify_hostname", "other.example.com"), /hostname mismatch/);
      assert.throws(() => verify("-verify_ip", "10.77.0.99"), /IP address mismatch/);
      const read = new X509Certificate(certificate);
      assert.equal(read.subject, subject);
      assert.equal(read.ca, false);
    });
  }

  test("a node reaches the API server at its own machine, which has it or leads to it", () => {
    for (const secrets of [ofControl, ofWorker]) assert.equal(userOf(secrets["node"]?.["kube.conf"]).server, "https://127.0.0.1:6443");
  });

  test("each is the public half of the key beside it", () => {
    const pairs = [ofControl, ofWorker].flatMap((secrets) =>
      Object.values(secrets).flatMap((named) =>
        Object.keys(named).flatMap((name) => {
          if (name === "kube.conf") return [userOf(named[name])];
          return name.endsWith(".key") && named[name.replace(".key", ".crt")] !== undefined
            ? [{ certificate: String(named[name.replace(".key", ".crt")]), key: String(named[name]) }]
            : [];
        }),
      ),
    );
    assert.equal(pairs.length, 14);
    for (const { certificate, key } of pairs) assert.ok(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)));
    const { "accounts.key": key = "", "accounts.pub": pub = "" } = ofControl["apiserver"] ?? {};
    assert.ok(createPublicKey(key).equals(createPublicKey(pub)));
  });

  test("each service has its own and no more, and the authority's key is with the controller manager alone", () => {
    const names = (secrets: typeof ofControl) =>
      Object.fromEntries(Object.entries(secrets).map(([service, named]) => [service, Object.keys(named).sort().join(" ")]));
    assert.deepEqual(names(ofControl), {
      etcd: "ca.crt tls.crt tls.key",
      apiserver:
        "accounts.key accounts.pub ca.crt etcd-ca.crt etcd.crt etcd.key kubelet.crt kubelet.key proxy-ca.crt proxy.crt proxy.key tls.crt tls.key",
      controllers: "accounts.key ca.crt ca.key kube.conf",
      scheduler: "kube.conf",
      node: "ca.crt kube.conf kubelet.crt kubelet.key",
      proxy: "kube.conf",
    });
    assert.deepEqual(Object.keys(ofWorker), ["node", "proxy"]);
    const holders = (key: string) =>
      [ofControl, ofWorker].flatMap((secrets) =>
        Object.entries(secrets).flatMap(([service, named]) => (Object.values(named).includes(key) ? [service] : [])),
      );
    assert.deepEqual(holders(cluster.key), ["controllers"]);
    for (const key of [etcd.key, frontProxy.key]) assert.deepEqual(holders(key), []);
  });
});

describe("KubernetesKeys", () => {
  const work = {
    urn: "urn:pulumi:s::p::t::k",
    name: "k",
    signal: new AbortController().signal,
    timeoutSeconds: 60,
    progress() {},
    config: {},
  };
  const inputs = { machines: { "control-1": control }, ...networks, validDays: 30, generation: "", version: "1.34.4" };
  const plain = (outputs: object) =>
    Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, value instanceof Secret ? value.value : value]));

  test("a machine that is added gets keys of the same authority, and the others keep theirs", async () => {
    const { id, outputs } = await kubernetesKeys.create({ ...work, inputs });
    for (const name of ["administrator", "secrets", "authorities"])
      assert.ok((outputs as unknown as Record<string, unknown>)[name] instanceof Secret, name);
    const old = plain(outputs) as unknown as typeof outputs;
    const machines = { ...inputs.machines, "worker-1": worker };
    const updated = await kubernetesKeys.update?.({ ...work, id, inputs: { ...inputs, machines }, oldInputs: inputs, oldOutputs: old });
    const now = plain(updated?.outputs ?? {}) as unknown as typeof outputs;
    assert.deepEqual(now.secrets["control-1"], old.secrets["control-1"]);
    assert.deepEqual([now.authorities, now.administrator, now.certificate], [old.authorities, old.administrator, old.certificate]);
    assert.ok(
      new X509Certificate(String(now.secrets["worker-1"]?.["node"]?.["kubelet.crt"])).checkIssued(new X509Certificate(old.certificate)),
    );
    const moved = { "control-1": { ...control, address: "10.77.0.12" } };
    const again = await kubernetesKeys.update?.({
      ...work,
      id,
      inputs: { ...inputs, machines: moved },
      oldInputs: inputs,
      oldOutputs: old,
    });
    assert.notDeepEqual((plain(again?.outputs ?? {}) as unknown as typeof outputs).secrets["control-1"], old.secrets["control-1"]);
  });

  const versions: readonly { readonly to: string; readonly refused?: RegExp }[] = [
    { to: "1.34.9" },
    { to: "1.34.0" },
    { to: "1.35.0" },
    { to: "1.36.0", refused: /got 1\.36\.0, but the cluster is 1\.34\.4 and skips no minor version: wanted 1\.35 first/ },
    { to: "2.0.0", refused: /wanted 1\.35 first/ },
    { to: "1.33.9", refused: /got 1\.33\.9, but the cluster is 1\.34\.4, whose data an older one may not read/ },
    { to: "latest", refused: /got "latest", wanted a version such as "1\.34\.4"/ },
  ];
  for (const { to, refused } of versions) {
    test(`a cluster of 1.34.4 ${refused ? "does not become" : "becomes"} ${to}`, async () => {
      const checked = await kubernetesKeys.check?.({
        ...work,
        inputs: { ...inputs, version: to },
        oldInputs: inputs,
        isSecret: () => false,
      });
      const failures = checked?.failures ?? [];
      assert.deepEqual(
        failures.map(({ path }) => path),
        refused ? ["version"] : [],
      );
      if (refused) assert.match(String(failures[0]?.message), refused);
    });
  }

  const controls = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`control-${index + 1}`, { ...control, address: `10.77.0.${11 + index}` }]),
    );
  for (const { from, to, refused } of [
    { from: 1, to: 1 },
    { from: 3, to: 3 },
    { from: 1, to: 3, refused: /got 3 machines of the control plane, but the cluster has 1: wanted controlPlane: 1, or another cluster/ },
    { from: 3, to: 1, refused: /got 1 machines of the control plane, but the cluster has 3: wanted controlPlane: 3/ },
  ] as const) {
    test(`a control plane of ${from} ${refused ? "does not become" : "stays"} one of ${to}`, async () => {
      const now = { ...inputs, machines: { ...controls(to), "worker-1": worker } };
      const oldInputs = { ...inputs, machines: controls(from) };
      const checked = await kubernetesKeys.check?.({ ...work, inputs: now, oldInputs, isSecret: () => false });
      const messages = (checked?.failures ?? []).map(({ message }) => message);
      assert.equal(messages.length, refused ? 1 : 0);
      if (refused) assert.match(String(messages[0]), refused);
    });
  }
});
