import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { listMachineFolders } from "../../../providers/qemu/plugin/machine-folder.ts";
import { discard } from "../../../providers/qemu/plugin/start.ts";
import type { SwarmState } from "../../../sdk/swarm/plugin/node.ts";
import { notJoined } from "../../../sdk/swarm/plugin/join.ts";
import { leaks } from "../../cluster/readable.ts";
import { processesWith } from "../../qemu/machine-run.ts";
import { writeDockerArchive } from "../../support/docker-archive.ts";
import { makeStack } from "../../support/engine.ts";
import { freePorts } from "../../support/free-port.ts";
import { makeOwnCache } from "../../support/own-cache.ts";
import { stepsOf } from "../../support/step.ts";
import { eventually as until } from "../../support/until.ts";
import { watchNodes } from "../../cluster/watch-nodes.ts";
import { change, spread, type SwarmAccess, swarmEngines, webService } from "./web-service.ts";

const EXAMPLE = fileURLToPath(new URL("../../../examples/swarm/", import.meta.url));

interface Outputs extends SwarmAccess {
  readonly unlockKey: string;
  readonly urls: readonly string[];
}

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(0);

/**
 * The life of three managers of examples/swarm under the real engine: they start, answer, lose a node, get it back, refuse tokens, and
 * are deleted. A test that `rolls` replaces them by a new image before, and asks all the while.
 */
export async function swarmLife(t: TestContext, { rolls }: { readonly rolls: boolean }): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "linuxkit-swarm-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const [stateDir, cacheDir] = [join(home, "state"), join(home, "cache")];
  await makeOwnCache(cacheDir);
  const archive = join(home, "web.tar");
  await writeDockerArchive(archive);
  const port = await freePorts(3);
  await using stack = await makeStack({
    folder: EXAMPLE,
    config: {
      ...{ "swarm:archive": archive, "swarm:port": String(port), "swarm:memoryMiB": "700" },
      ...{ "swarm:autolock": "true" },
    },
    env: { PULUMI_LINUXKIT_STATE: stateDir, PULUMI_LINUXKIT_CACHE: cacheDir },
    longestMs: 900_000,
  });
  const machines = () => listMachineFolders(stateDir);
  const pidOf = async (node: string): Promise<number> => {
    const found = (await machines()).find(({ id }) => id.includes(`-${node}-`));
    return found?.record?.machine?.pid ?? assert.fail(`no machine of ${node} runs`);
  };
  const step = stepsOf(t);
  let began = performance.now();
  try {
    const { text: log } = await stack.must("up", "--yes", "--skip-preview", "-v=9", "--logtostderr");
    t.diagnostic(`three managers: ${seconds(began)} s`);
    let { client, unlockKey, urls, ...outputs } = (await stack.outputs()) as unknown as Outputs;
    /** A machine that starts again has its engine at another port. */
    const lookAgain = async (): Promise<void> => {
      ({ client, unlockKey, urls, ...outputs } = (await stack.outputs()) as unknown as Outputs);
    };
    const engines = swarmEngines(() => ({ client, ...outputs }));
    const { ask, must, nodes, running } = engines;
    const reachable = async () => (await nodes()).filter(({ ManagerStatus }) => ManagerStatus?.Reachability === "reachable").length;
    assert.equal(await reachable(), 3);

    const service = webService({ Image: "web:1", Mounts: [{ Type: "tmpfs", Target: "/data" }] }, 80);
    const { ID } = await must<{ readonly ID: string }>("m1", "POST", "/services/create", service);
    const answers = (url: string) =>
      fetch(url, { signal: AbortSignal.timeout(20_000) }).then(async (got) => (await got.text()).startsWith("start"));
    for (const url of urls) await until(`${url} answers`, () => answers(url));

    await step("a second update changes nothing", async () => {
      assert.deepEqual([...new Set((await stack.up()).steps.map(({ op }) => op))], ["same"]);
    });

    await step("no token and no key is where it can be read", async () => {
      const { JoinTokens } = await must<SwarmState>("m1", "GET", "/swarm");
      assert.match(unlockKey, /^SWMKEY-1-/);
      const secrets = [JoinTokens.Manager, JoinTokens.Worker, unlockKey, client.key.split("\n")[1] ?? ""];
      assert.ok(secrets.every((secret) => secret.length > 30));
      assert.deepEqual(await leaks({ stack, log, stateDir, cacheDir }, secrets), []);
    });

    if (rolls)
      await step("a new image replaces the nodes one by one, and every request is answered", async () => {
        const before = new Map((await nodes()).map((node) => [node.Description?.Hostname, node.ID]));
        await stack.must("config", "set", "swarm:logSize", "11m");
        began = performance.now();
        const { asked, elsewhere, unanswered } = await watchNodes(urls, () => stack.up());
        await lookAgain();
        t.diagnostic(`a new image: ${seconds(began)} s; ${asked} requests, ${elsewhere} of them answered by another node`);
        assert.deepEqual(unanswered, []);
        assert.ok(asked > 200, `${asked}`);
        // the same members, on their disks
        assert.deepEqual(new Map((await nodes()).map((node) => [node.Description?.Hostname, node.ID])), before);
        assert.ok((await nodes()).every(({ Spec, Status }) => Spec.Availability === "active" && Status.State === "ready"));
      });

    await step("a node that is killed has its replicas started elsewhere, and the two others take changes", async () => {
      await spread(engines, ID, service);
      const lost = (await nodes()).find(({ Description }) => Description?.Hostname === "m3")?.ID;
      process.kill(await pidOf("m3"), "SIGKILL");
      began = performance.now();
      await until("three replicas run elsewhere", async () => (await running()).filter(({ NodeID }) => NodeID !== lost).length === 3);
      t.diagnostic(`the replicas of a lost node run elsewhere: ${seconds(began)} s`);
      for (const url of urls.slice(0, 2)) await until(`${url} answers`, () => answers(url));
      const two = { Mode: { Replicated: { Replicas: 2 } } };
      await change(engines, ID, service, { TaskTemplate: { ...service.TaskTemplate, ForceUpdate: 100 }, ...two });
      await until("two replicas are left", async () => (await running()).length === 2);
    });

    await step("the next update starts it again, and it is a member as before", async () => {
      await stack.must("up", "--yes", "--skip-preview", "--refresh");
      await lookAgain();
      await until("three managers are reachable", async () => (await reachable()) === 3);
    });

    await step("a token that is spent, of another swarm, or none is refused, and the reason is known", async () => {
      const spent = (await must<SwarmState>("m1", "GET", "/swarm")).JoinTokens.Worker;
      const { Version, Spec } = await must<SwarmState>("m1", "GET", "/swarm");
      await must("m1", "POST", `/swarm/update?version=${Version.Index}&rotateWorkerToken=true`, Spec);
      await must("m3", "POST", "/swarm/leave?force=true");
      // the digest of another authority, in base 36 (swarmkit, ca/config.go, ParseJoinToken)
      const foreign = spent.replace(/^(SWMTKN-1-)[0-9a-z]{10}/, "$10123456789");
      const rows = [
        [spent, /the token is spent/],
        [foreign, /the token is of another swarm/],
        ["SWMTKN-1-none", /the token is none of a swarm/],
      ] as const;
      for (const [JoinToken, why] of rows) {
        const body = { ListenAddr: "10.77.0.13:2377", AdvertiseAddr: "10.77.0.13", RemoteAddrs: ["10.77.0.11:2377"], JoinToken };
        const { status, message } = await ask("m3", "POST", "/swarm/join", body);
        assert.ok(status >= 400, `${status}`);
        assert.match(notJoined("m3", message).message, why);
      }
    });

    began = performance.now();
    await stack.destroy();
    t.diagnostic(`deleted: ${seconds(began)} s`);
    assert.deepEqual(await processesWith(home), []);
    assert.deepEqual(await machines(), []);
  } finally {
    // after a failure, so that no switch and no machine outlives the test
    await stack.run("destroy", "--yes", "--skip-preview");
    for (const { id } of await machines()) await discard(id, stateDir);
  }
}
