import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MemberPlace } from "../../sdk/cluster/plugin/member.ts";
import { swarmMember } from "../../sdk/swarm/plugin/member.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { FakeDocker } from "./fake-docker.ts";

function work(milliseconds = 20_000) {
  const limit = new AbortController();
  const late = () => limit.abort(new LinuxKitError("TIMEOUT", "too long", { seconds: milliseconds / 1000, waitingFor: "a test" }));
  setTimeout(late, milliseconds).unref();
  return { signal: limit.signal, seconds: milliseconds / 1000, progress: () => {} };
}

/** The member of a machine. */
const member = (docker: FakeDocker, name: string, more: Partial<MemberPlace> = {}) => swarmMember(docker.connect)(docker.place(name, more));
const inputs = (docker: FakeDocker, name: string, change: object) => ({ inputs: { ...docker.place(name).inputs, ...change } });
const AUTOLOCK = { settings: { overlays: "10.20.0.0/16", autolock: true } };

/** A swarm of these machines, as an update makes it: one after the other. */
async function swarm(...names: readonly string[]): Promise<FakeDocker> {
  const docker = new FakeDocker();
  for (const name of names) {
    docker.add(name, name.startsWith("m") ? "manager" : "worker");
    await member(docker, name).rejoin(work());
  }
  return docker;
}

const nodesOf = (docker: FakeDocker) =>
  docker
    .engine("m1")
    .swarm?.nodes.map(({ host, Spec }) => `${host} ${Spec.Role} ${Spec.Availability}`)
    .sort();

describe("a swarm", () => {
  test("is founded by its first machine and joined by the others, each by a token that is spent then", async () => {
    const docker = await swarm("m1", "m2", "m3", "w1");
    assert.deepEqual(nodesOf(docker), ["m1 manager active", "m2 manager active", "m3 manager active", "w1 worker active"]);
    const { tokens, spent } = docker.engine("m1").swarm ?? assert.fail();
    assert.equal(spent.length, 3);
    const given = docker.bodies.filter((body) => body.includes("JoinToken"));
    assert.equal(given.length, 3);
    for (const body of given) assert.ok(!body.includes(tokens.Manager) && !body.includes(tokens.Worker));
    // again: nothing to do
    docker.calls.length = 0;
    for (const name of ["m1", "m2", "w1"]) await member(docker, name).rejoin(work());
    assert.deepEqual(
      docker.calls.filter((call) => !call.includes(" GET ")),
      [],
    );
  });

  test("is not founded anew where another manager has a machine that does not answer", async () => {
    const docker = await swarm("m1", "m2", "m3");
    // the disk of m1 is lost, and the others do not run
    for (const name of ["m2", "m3"]) docker.engine(name).running = false;
    docker.add("m1", "manager");
    await assert.rejects(member(docker, "m1").rejoin(work()), /no manager of the swarm answers: m2 does not run; m3 does not run/);
    assert.equal(docker.engine("m1").swarm, undefined);
    // they run again: it joins, and its former self is forgotten
    for (const name of ["m2", "m3"]) docker.engine(name).running = true;
    await member(docker, "m1").rejoin(work());
    assert.deepEqual(nodesOf(docker), ["m1 manager active", "m2 manager active", "m3 manager active"]);
  });

  test("takes in again a worker that was taken out while it did not run", async () => {
    const docker = await swarm("m1", "w1");
    docker.engine("m1").swarm?.nodes.splice(1, 1);
    await member(docker, "w1").rejoin(work());
    assert.deepEqual(nodesOf(docker), ["m1 manager active", "w1 worker active"]);
  });

  test("forgets nodes that were given a certificate and have never come, which have no vote", async () => {
    const docker = await swarm("m1");
    const of = docker.engine("m1").swarm ?? assert.fail();
    const phantom = { ID: "x", Version: 1, Spec: { Role: "manager", Availability: "active" }, host: "" } as const;
    of.nodes.push({ ...phantom, Spec: { ...phantom.Spec } }, { ...phantom, ID: "y" });
    await member(docker, "m1").prepare(work());
    await member(docker, "m1").rejoin(work());
    assert.deepEqual(nodesOf(docker), ["m1 manager active"]);
  });

  test("makes a worker a manager, and a manager a worker", async () => {
    const docker = await swarm("m1", "m2", "m3", "w1");
    await member(docker, "w1", inputs(docker, "w1", { role: "manager" })).rejoin(work());
    assert.ok(nodesOf(docker)?.includes("w1 manager active"));
    await member(docker, "w1").rejoin(work());
    assert.ok(nodesOf(docker)?.includes("w1 worker active"));
  });
});

describe("a node that is replaced", () => {
  test("hands its tasks on, and takes some again when it is ready", async () => {
    const docker = await swarm("m1", "m2", "m3");
    docker.tasks.set("m2", 2);
    await member(docker, "m2").prepare(work());
    assert.ok(nodesOf(docker)?.includes("m2 manager drain"));
    assert.equal(docker.tasks.get("m2"), 0);
    docker.engine("m2").running = false;
    docker.restart("m2");
    await member(docker, "m2").rejoin(work());
    assert.ok(nodesOf(docker)?.includes("m2 manager active"));
  });

  test("moves a service that runs on it alone in the service's own way, before its drain would stop all of it", async () => {
    for (const [elsewhere, moves] of [
      [0, true],
      [1, false],
    ] as const) {
      const docker = await swarm("m1", "m2", "m3");
      docker.services.set("web", 0);
      docker.tasks.set("m2", 2).set("m3", elsewhere);
      await member(docker, "m2").prepare(work());
      assert.equal(docker.services.get("web"), moves ? 1 : 0);
      assert.equal(docker.tasks.get("m2"), 0);
      const asked = docker.calls
        .filter((call) => /POST \/(services|nodes)/.test(call))
        .map((call) => call.replace(/^m\d POST \/(\w+).*/, "$1"));
      assert.deepEqual(asked, moves ? ["nodes", "services", "nodes"] : ["nodes", "nodes"]);
    }
  });

  test("is paused again where a person paused it", async () => {
    const docker = await swarm("m1", "m2", "m3");
    const m2 = docker.engine("m1").swarm?.nodes[1] ?? assert.fail();
    m2.Spec = { ...m2.Spec, Availability: "pause" };
    await member(docker, "m2").prepare(work());
    assert.ok(nodesOf(docker)?.includes("m2 manager drain"));
    await member(docker, "m2").rejoin(work());
    assert.ok(nodesOf(docker)?.includes("m2 manager pause"));
  });

  test("stays drained where a person drained it", async () => {
    const docker = await swarm("m1", "m2", "m3");
    const m2 = docker.engine("m1").swarm?.nodes[1] ?? assert.fail();
    m2.Spec = { ...m2.Spec, Availability: "drain" };
    await member(docker, "m2").prepare(work());
    await member(docker, "m2").rejoin(work());
    assert.ok(nodesOf(docker)?.includes("m2 manager drain"));
  });

  test("takes tasks again where draining takes too long", async () => {
    const docker = await swarm("m1", "m2", "m3");
    docker.tasks.set("m2", 1);
    // a task that does not end
    docker.before.set("m1 GET /tasks", () => docker.tasks.set("m2", 1));
    await assert.rejects(member(docker, "m2").prepare(work(1500)), /node "m2" still has tasks after 1\.5 s: 1/);
    assert.ok(nodesOf(docker)?.includes("m2 manager active"));
  });

  for (const [names, down, refused] of [
    [["m1", "m2", "m3"], [], undefined],
    [["m1", "m2", "m3"], ["m3"], /node "m2": the swarm would lose its quorum: 1 of 3 managers would work, and it needs 2; m3 cannot/],
    [["m1", "m2", "m3", "m4", "m5"], ["m5"], undefined],
    [["m1", "m2", "m3", "m4", "m5"], ["m4", "m5"], /2 of 5 managers would work, and it needs 3; m4, m5 cannot/],
    [["m1", "w2"], [], undefined],
  ] as const)
    test(`of ${names.length} with ${down.length} down is ${refused ? "not stopped" : "stopped"}`, async () => {
      const docker = await swarm(...names);
      for (const name of down) docker.engine(name).running = false;
      const prepared = member(docker, names[1]).prepare(work());
      await (refused ? assert.rejects(prepared, refused) : prepared);
    });

  test("is stopped where it is the only manager", async () => {
    const docker = await swarm("m1");
    await member(docker, "m1").prepare(work());
    assert.deepEqual(nodesOf(docker), ["m1 manager active"]);
  });

  test("says why it is not ready", async () => {
    const docker = await swarm("m1", "w1");
    docker.before.set("w1 GET /info", () => {});
    const { swarm: of } = docker.engine("w1");
    // it answers, and is another node than the one that the managers see
    docker.before.set("m1 GET /nodes", () => Object.assign(of?.nodes[1] ?? {}, { host: "m9" }));
    docker.add("m9", "worker");
    docker.engine("m9").running = false;
    await assert.rejects(member(docker, "w1").rejoin(work(1500)), /node "w1" is not ready in the swarm after 1\.5 s: it is down/);
  });
});

describe("after a start of the whole host", () => {
  test("each manager but the last ones returns without waiting for the others", async () => {
    const docker = await swarm("m1", "m2", "m3");
    for (const name of ["m1", "m2", "m3"]) docker.engine(name).running = false;
    for (const name of ["m1", "m2", "m3"]) {
      docker.restart(name);
      await member(docker, name).rejoin(work(5000));
    }
    assert.deepEqual(nodesOf(docker), ["m1 manager active", "m2 manager active", "m3 manager active"]);
  });

  test("a locked swarm is opened by the keys in the state", async () => {
    const docker = new FakeDocker();
    const kept = new Map<string, Readonly<Record<string, string>>>();
    const rejoin = async (name: string) =>
      kept.set(name, await member(docker, name, { ...inputs(docker, name, AUTOLOCK), kept: kept.get(name) ?? {} }).rejoin(work(5000)));
    for (const name of ["m1", "m2", "m3"]) {
      docker.add(name, "manager");
      await rejoin(name);
    }
    assert.match(kept.get("m3")?.["unlockKey"] ?? "", /^SWMKEY-1-/);
    for (const name of ["m1", "m2", "m3"]) docker.engine(name).running = false;
    for (const name of ["m1", "m2", "m3"]) {
      docker.restart(name);
      assert.ok(docker.engine(name).locked);
      await rejoin(name);
    }
    assert.deepEqual(nodesOf(docker), ["m1 manager active", "m2 manager active", "m3 manager active"]);

    // one that restarts alone is opened by a key that another has, where its own is old
    docker.restart("m2");
    kept.set("m2", { unlockKey: "SWMKEY-1-old" });
    await rejoin("m2");
    assert.equal(kept.get("m2")?.["unlockKey"], docker.engine("m1").swarm?.unlockKey);

    docker.restart("m2");
    for (const name of ["m1", "m3"]) docker.engine(name).running = false;
    kept.set("m2", { unlockKey: "SWMKEY-1-old" });
    await assert.rejects(rejoin("m2"), /node "m2" is locked and no key opens it: swarm could not be unlocked: invalid key provided/);
  });

  test("a swarm is locked and unlocked by a change of the program", async () => {
    const docker = await swarm("m1");
    const locked = await member(docker, "m1", inputs(docker, "m1", AUTOLOCK)).rejoin(work());
    assert.equal(docker.engine("m1").swarm?.autolock, true);
    assert.match(locked["unlockKey"] ?? "", /^SWMKEY-1-/);
    assert.deepEqual(await member(docker, "m1").rejoin(work()), {});
    assert.equal(docker.engine("m1").swarm?.autolock, false);
  });
});

describe("a node that is deleted", () => {
  test("is drained, demoted, and leaves; the last ends with its swarm", async () => {
    const docker = await swarm("m1", "m2", "m3", "w1");
    for (const name of ["w1", "m3", "m2"]) {
      docker.tasks.set(name, 1);
      await member(docker, name).leave(work());
      docker.engines.delete(name);
      assert.ok(!nodesOf(docker)?.some((node) => node.startsWith(name)));
    }
    assert.equal(docker.tasks.get("m1"), 3);
    await member(docker, "m1").leave(work());
  });

  test("is taken out where its machine does not run", async () => {
    const docker = await swarm("m1", "m2", "m3");
    docker.engine("m3").running = false;
    await member(docker, "m3").leave(work());
    assert.deepEqual(nodesOf(docker), ["m1 manager active", "m2 manager active"]);
  });

  test("stays where the swarm would lose its quorum, or its last manager", async () => {
    const docker = await swarm("m1", "m2", "m3");
    docker.engine("m2").running = false;
    await assert.rejects(
      member(docker, "m3").leave(work()),
      /node "m3": the swarm would lose its quorum: 1 of the 2 managers that remain would work, and it needs 2; m2 cannot be reached/,
    );
    const small = await swarm("m1", "w1", "w2");
    await assert.rejects(member(small, "m1").leave(work()), /node "m1": it is the only manager of 2 more nodes/);
  });
});

describe("a token", () => {
  const joined = async (docker: FakeDocker, name: string, token: string) => {
    // the manager hands out this one
    const { swarm: of } = docker.engine("m1");
    docker.before.set("m1 GET /swarm", () => of && (of.tokens = { Worker: token, Manager: token }));
    docker.add(name, "worker");
    return member(docker, name).rejoin(work());
  };

  for (const [what, tokenOf, said] of [
    [
      "of another form",
      async () => "SWMTKN-1-short",
      /node "w1" was not let into the swarm: the token is none of a swarm \(invalid join token\)/,
    ],
    [
      "of another swarm",
      async () => (await swarm("m1")).engine("m1").swarm?.tokens.Worker ?? "",
      /the token is of another swarm \(remote CA does not match fingerprint/,
    ],
  ] as const)
    test(`${what} lets nobody in, and no message quotes it`, async () => {
      const docker = await swarm("m1");
      const token = await tokenOf();
      const own = docker.engine("m1").swarm ?? assert.fail();
      const before = { ...own.tokens };
      own.spent.push(before.Worker, before.Manager);
      docker.add("w1", "worker");
      docker.before.set("w1 POST /swarm/join", () => Object.assign(own.tokens, before));
      const error = await joined(docker, "w1", token).then(
        () => assert.fail("it joined"),
        (error: Error) => error,
      );
      assert.match(error.message, said);
      assert.ok(!error.message.includes(token.split("-").at(-1) ?? token));
      assert.equal(docker.engine("w1").swarm, undefined);
    });

  test("that is spent lets nobody in", async () => {
    const docker = await swarm("m1", "w2");
    const of = docker.engine("m1").swarm ?? assert.fail();
    const [spent = ""] = of.spent;
    const valid = { ...of.tokens };
    docker.add("w1", "worker");
    docker.before.set("m1 GET /swarm", () => Object.assign(of, { tokens: { Worker: spent, Manager: spent } }));
    docker.before.set("w1 POST /swarm/join", () => Object.assign(of, { tokens: valid }));
    await assert.rejects(member(docker, "w1").rejoin(work()), /the token is spent: it was replaced after an earlier join/);
    assert.equal(docker.engine("w1").swarm, undefined);
  });
});
