import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterNode, MemberPlace, MemberWork } from "../../sdk/cluster/plugin/member.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { administrator, type Issuer, machineSecrets, makeAuthorities } from "../../sdk/kubernetes/keys.ts";
import { type ApiServer, call } from "../../sdk/kubernetes/plugin/client.ts";
import { endTurn, takeTurn } from "../../sdk/kubernetes/plugin/turns.ts";
import { freePort } from "../support/free-port.ts";
import { scratch } from "../support/judge.ts";
import { nativeControlPlane, type NativeControlPlane, NETWORKS } from "./support/native.ts";

const signal = AbortSignal.timeout(900_000);
const issuer: Issuer = { authorities: makeAuthorities(30), networks: NETWORKS, days: 30 };
const keys = { ca: issuer.authorities.cluster.certificate, ...administrator(issuer) };
const members = [1, 2, 3].map((number) => ({ name: `control-${number}`, address: `127.0.0.${10 + number}` }));

describe("a control plane of three, on this host", { timeout: 900_000 }, () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  const planes: NativeControlPlane[] = [];
  before(async () => {
    folder = await scratch();
    const peerPort = await freePort();
    // no member of a new etcd works alone
    const begun = members.map(({ name, address }) => {
      const secrets = machineSecrets(name, { address, role: "control-plane", names: [], addresses: [] }, issuer);
      return nativeControlPlane(join(folder.path, name), secrets, keys, { name, address, members, peerPort });
    });
    for (const outcome of await Promise.allSettled(begun))
      if (outcome.status === "fulfilled") planes.push(outcome.value);
      else throw outcome.reason;
  });
  after(async () => {
    await Promise.all(planes.map((plane) => plane[Symbol.asyncDispose]()));
    await folder?.[Symbol.asyncDispose]();
  });

  const api = (index: number): ApiServer => ({ at: planes[index]?.at ?? "", keys });
  const maps = "/api/v1/namespaces/default/configmaps";
  const create = (index: number, path: string, kind: string, name: string) =>
    call(api(index), { method: "POST", path, body: { apiVersion: "v1", kind, metadata: { name } }, signal });
  const has = async (index: number, path: string) =>
    (await call(api(index), { path, accept: [404, 500, 503], signal }).catch(() => ({ status: 0 }))).status === 200;
  const until = async (what: string, look: () => Promise<boolean>) => {
    for (const end = performance.now() + 90_000; !(await look()); await sleep(200)) assert.ok(performance.now() < end, what);
  };
  const services = ["apiserver", "controllers", "scheduler", "etcd"];
  const down = new Set<number>();
  const kill = async (index: number) => {
    down.add(index);
    await Promise.all(services.map((service) => planes[index]?.end(service)));
  };
  const place = (index: number): MemberPlace => ({
    ...(members[index] as { name: string; address: string }),
    inputs: { kind: "kubernetes", role: "control-plane", settings: {}, keys },
    kept: {},
    run: () => Promise.reject(new Error("no service of a machine")),
    nodes: async () =>
      members.map(
        (member, other): ClusterNode => ({
          ...{ ...member, role: "control-plane", running: !down.has(other), ports: { "6443/tcp": planes[other]?.at ?? "" } },
        }),
      ),
  });
  const work = (seconds = 8, stop = signal): MemberWork => ({ signal: stop, seconds, progress: () => {} });

  test("what one API server is told, the others know", async () => {
    await create(0, maps, "ConfigMap", "first");
    for (const index of [0, 1, 2]) await until(`API server ${index} knows it`, () => has(index, `${maps}/first`));
  });

  test("one machine at a time is replaced", async () => {
    await takeTurn(place(0), work());
    let taken = false;
    const second = takeTurn(place(1), work()).then(() => (taken = true));
    await sleep(1500);
    assert.equal(taken, false);
    endTurn(place(2));
    await sleep(1500);
    assert.equal(taken, false, "another machine than the one that has the turn ended it");
    endTurn(place(0));
    await second;
    const stop = AbortSignal.timeout(1500);
    await assert.rejects(takeTurn(place(2), work(8, stop)), (error) => error instanceof Error && error.name === "AbortError");
    endTurn(place(1));
  });

  test("with one machine killed the cluster takes changes, whichever controller manager leads", async () => {
    await kill(2);
    await until("a change is taken", async () => (await create(0, maps, "ConfigMap", "second").catch(() => undefined))?.status === 201);
    await until("the other one knows it", () => has(1, `${maps}/second`));
    for (const [step, ended] of [undefined, 0, 1].entries()) {
      if (ended !== undefined) await planes[ended]?.end("controllers");
      await create(1, "/api/v1/namespaces", "Namespace", `later-${step}`);
      // the controller manager makes it
      await until(`namespace ${step} has its account`, () => has(0, `/api/v1/namespaces/later-${step}/serviceaccounts/default`));
      if (ended !== undefined) planes[ended]?.start("controllers");
    }
  });

  test("no further machine is stopped then, and the reason is said", async () => {
    await assert.rejects(takeTurn(place(0), work()), (error) => {
      assert.ok(isLinuxKitError(error, "UNSUPPORTED"), `${error}`);
      assert.match(
        error.message,
        /^node "control-1": etcd would lose its quorum: control-3 does not run: bring it back first, with pulumi up --refresh$/,
      );
      return true;
    });
    // the turn was given back: the machine that is down may have it
    await takeTurn(place(2), work());
    endTurn(place(2));
  });

  test("the machine that comes back knows what it has missed", async () => {
    planes[2]?.start("etcd");
    planes[2]?.start("apiserver");
    await planes[2]?.ready();
    down.delete(2);
    assert.ok(await has(2, `${maps}/second`));
    await takeTurn(place(0), work(60));
    endTurn(place(0));
  });

  test("with two of three killed, no change is taken", async () => {
    await kill(1);
    await kill(2);
    const answer = await create(0, maps, "ConfigMap", "third").catch((error: unknown) => error);
    assert.ok(isLinuxKitError(answer), `${JSON.stringify(answer)}`);
  });
});
