import { randomBytes } from "node:crypto";
import type { ClusterNode, MemberPlace } from "../../sdk/cluster/plugin/member.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Ask, EngineAnswer } from "../../sdk/swarm/plugin/engine.ts";
import type { Connect } from "../../sdk/swarm/plugin/managers.ts";
import type { NodeSpec } from "../../sdk/swarm/plugin/node.ts";

/** A node in the managers' store. */
interface Known {
  readonly ID: string;
  Version: number;
  Spec: NodeSpec;
  readonly host: string;
}

/** A swarm: what its managers agree on. */
interface Swarm {
  readonly nodes: Known[];
  tokens: { Worker: string; Manager: string };
  readonly spent: string[];
  version: number;
  autolock: boolean;
  readonly unlockKey: string;
}

/** One engine with its disk. */
interface Engine {
  readonly name: string;
  role: "manager" | "worker";
  running: boolean;
  locked: boolean;
  nodeId: string;
  swarm: Swarm | undefined;
}

const token = (): string => `SWMTKN-1-${randomBytes(25).toString("hex")}-${randomBytes(12).toString("hex")}`;

/**
 * Engines of one host that answer as the Docker Engine API 1.41 says (docs.docker.com/reference/api/engine/version/v1.41, the groups
 * Swarm, Node, Task and System), with the texts of moby's daemon/cluster and swarmkit's ca and controlapi. What it does not know, it refuses.
 */
export class FakeDocker {
  readonly engines = new Map<string, Engine>();
  /** Every call, as `m1 POST /swarm/init`. */
  readonly calls: string[] = [];
  /** Bodies of calls. */
  readonly bodies: string[] = [];
  /** Tasks by the host that they run on. */
  readonly tasks = new Map<string, number>();
  /** Replicated services by id: the numbers of their forced updates. All tasks are of the first. */
  readonly services = new Map<string, number>();
  /** What to do before a call, by its text: to fail, or to change something. */
  readonly before = new Map<string, () => void>();

  /** A machine with an empty disk. */
  add(name: string, role: "manager" | "worker"): void {
    this.engines.set(name, { name, role, running: true, locked: false, nodeId: "", swarm: undefined });
  }

  engine(name: string): Engine {
    const engine = this.engines.get(name);
    if (!engine) throw new Error(`no engine ${name}`);
    return engine;
  }

  /** Stops a machine and starts it again: a manager of a locked swarm is locked then. */
  restart(name: string): void {
    const engine = this.engine(name);
    const isManager = engine.swarm?.nodes.find(({ ID }) => ID === engine.nodeId)?.Spec.Role === "manager";
    Object.assign(engine, { running: true, locked: engine.swarm?.autolock === true && isManager });
  }

  /** The place of a machine of this host. */
  place(name: string, more: Partial<MemberPlace> = {}): MemberPlace {
    const { role } = this.engine(name);
    const keys = { ca: "", certificate: "", key: "" };
    return {
      ...{ name, address: this.address(name), kept: {} },
      inputs: { kind: "swarm", role, settings: { overlays: "10.20.0.0/16" }, keys },
      nodes: async () => this.machines(),
      run: () => Promise.reject(new Error("no command of a swarm runs in a service")),
      ...more,
    };
  }

  readonly connect: Connect = ({ name }) => this.ask(name);

  ask(name: string): Ask {
    return async ({ method, path, body, signal }) => {
      signal.throwIfAborted();
      const call = `${name} ${method} ${path}`;
      this.calls.push(call);
      this.bodies.push(JSON.stringify(body ?? null));
      this.before.get(`${name} ${method} ${path.replace(/\?.*/, "")}`)?.();
      const engine = this.engine(name);
      if (!engine.running) throw new LinuxKitError("NETWORK", `https://${name}: the engine does not answer`, { url: name });
      const answer = this.#answer(engine, method, new URL(path, "http://docker"), body as never);
      return { message: "", body: undefined, ...answer };
    };
  }

  address(name: string): string {
    return `10.77.0.${10 + [...this.engines.keys()].indexOf(name)}`;
  }

  machines(): readonly ClusterNode[] {
    return [...this.engines.values()].map(({ name, role, running }) => ({
      ...{ name, address: this.address(name), role, running },
      ports: { "2376/tcp": "127.0.0.1:1" },
    }));
  }

  #answer(engine: Engine, method: string, { pathname, searchParams }: URL, body: never): Partial<EngineAnswer> & { status: number } {
    const refuse = (status: number, message: string) => ({ status, message, body: { message } });
    const known = this.#known(engine);
    const quorum = this.#works(engine.swarm);
    const manages = !engine.locked && known?.Spec.Role === "manager" && quorum;
    const route = `${method} ${pathname.replace(/\/nodes\/[^/]+/, "/nodes/ID")}`;
    switch (route) {
      case "GET /info":
        return { status: 200, body: { Swarm: this.#own(engine) } };
      case "POST /swarm/init": {
        if (engine.swarm)
          return refuse(503, 'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.');
        const { Spec, DefaultAddrPool } = body as { Spec: { EncryptionConfig: { AutoLockManagers: boolean } }; DefaultAddrPool: string[] };
        if (!/^\d+\.\d+\.\d+\.\d+\/\d+$/.test(DefaultAddrPool[0] ?? "")) return refuse(400, "invalid pool");
        const swarm: Swarm = {
          ...{ nodes: [], tokens: { Worker: token(), Manager: token() }, spent: [], version: 1 },
          ...{ autolock: Spec.EncryptionConfig.AutoLockManagers, unlockKey: `SWMKEY-1-${randomBytes(32).toString("base64")}` },
        };
        this.#enter(engine, swarm, "manager");
        return { status: 200, body: engine.nodeId };
      }
      case "POST /swarm/join": {
        if (engine.swarm)
          return refuse(503, 'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.');
        const { JoinToken, RemoteAddrs } = body as { JoinToken: string; RemoteAddrs: string[] };
        if (!/^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{24,25}$/.test(JoinToken)) return refuse(400, "invalid join token");
        const names = RemoteAddrs.map((at) => [...this.engines.keys()].find((name) => `${this.address(name)}:2377` === at));
        const swarm = names.map((name) => name && this.engine(name).swarm).find((found) => found !== undefined && found !== "");
        if (!swarm) return refuse(500, "rpc error: code = Unavailable desc = connection error");
        if (!this.#tokens(swarm).some((one) => one.split("-")[2] === JoinToken.split("-")[2]))
          return refuse(500, `remote CA does not match fingerprint. Expected: ${JoinToken.split("-")[2]}`);
        const role = swarm.tokens.Manager === JoinToken ? "manager" : swarm.tokens.Worker === JoinToken ? "worker" : undefined;
        if (!role) return refuse(500, "rpc error: code = InvalidArgument desc = A valid join token is necessary to join this cluster");
        this.#enter(engine, swarm, role);
        return { status: 200 };
      }
      case "POST /swarm/leave": {
        if (!engine.swarm) return refuse(503, "This node is not part of a swarm");
        if (manages && searchParams.get("force") !== "true")
          return refuse(503, "You are attempting to leave the swarm on a node that is participating as a manager.");
        Object.assign(engine, { swarm: undefined, nodeId: "", locked: false });
        return { status: 200 };
      }
      case "POST /swarm/unlock": {
        const { UnlockKey } = body as { UnlockKey: string };
        if (!engine.locked) return refuse(409, "swarm is not locked");
        if (UnlockKey !== engine.swarm?.unlockKey) return refuse(400, "swarm could not be unlocked: invalid key provided");
        engine.locked = false;
        return { status: 200 };
      }
    }
    if (!manages)
      return refuse(
        503,
        quorum
          ? "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state."
          : "rpc error: code = Unknown desc = The swarm does not have a leader.",
      );
    const swarm = engine.swarm as Swarm;
    const id = pathname.split("/")[2] ?? "";
    const node = swarm.nodes.find(({ ID }) => ID === id);
    switch (route) {
      case "GET /swarm":
        return {
          status: 200,
          body: {
            Version: { Index: swarm.version },
            Spec: { EncryptionConfig: { AutoLockManagers: swarm.autolock } },
            JoinTokens: swarm.tokens,
          },
        };
      case "GET /swarm/unlockkey":
        return { status: 200, body: { UnlockKey: swarm.autolock ? swarm.unlockKey : "" } };
      case "POST /swarm/update": {
        if (Number(searchParams.get("version")) !== swarm.version)
          return refuse(500, "rpc error: code = Unknown desc = update out of sequence");
        swarm.version++;
        swarm.autolock = (body as { EncryptionConfig: { AutoLockManagers: boolean } }).EncryptionConfig.AutoLockManagers;
        for (const [flag, name] of [
          ["rotateWorkerToken", "Worker"],
          ["rotateManagerToken", "Manager"],
        ] as const) {
          if (searchParams.get(flag) !== "true") continue;
          swarm.spent.push(swarm.tokens[name]);
          // the digest of the authority stays, the secret is another
          swarm.tokens[name] = swarm.tokens[name].replace(/[^-]+$/, randomBytes(12).toString("hex"));
        }
        return { status: 200 };
      }
      case "GET /nodes":
        return { status: 200, body: swarm.nodes.map((one) => this.#shown(swarm, one)) };
      case "GET /tasks": {
        const { node: on } = JSON.parse(searchParams.get("filters") ?? "{}") as { node?: string[] };
        const running = swarm.nodes.flatMap((one) =>
          Array.from({ length: this.tasks.get(one.host) ?? 0 }, () => ({
            NodeID: one.ID,
            ServiceID: [...this.services.keys()][0],
            DesiredState: "running",
            Status: { State: "running" },
          })),
        );
        return { status: 200, body: running.filter(({ NodeID }) => !on || on.includes(NodeID)) };
      }
    }
    if (pathname.startsWith("/services")) return this.#service(swarm, route, id, body);
    if (!node) return refuse(404, `node ${id} not found`);
    switch (route) {
      case "GET /nodes/ID":
        return { status: 200, body: this.#shown(swarm, node) };
      case "POST /nodes/ID/update": {
        if (Number(searchParams.get("version")) !== node.Version)
          return refuse(500, "rpc error: code = Unknown desc = update out of sequence");
        node.Version++;
        node.Spec = body as NodeSpec;
        if (node.Spec.Availability === "drain") this.#move(swarm, node);
        return { status: 200 };
      }
      case "DELETE /nodes/ID": {
        if (node.Spec.Role === "manager")
          return refuse(
            400,
            `rpc error: code = FailedPrecondition desc = node ${id} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`,
          );
        swarm.nodes.splice(swarm.nodes.indexOf(node), 1);
        return { status: 200 };
      }
    }
    return refuse(404, `the stand-in does not know ${route}`);
  }

  #tokens({ tokens, spent }: Swarm): string[] {
    return [tokens.Worker, tokens.Manager, ...spent];
  }

  #known({ swarm, nodeId }: Engine): Known | undefined {
    return swarm?.nodes.find(({ ID }) => ID === nodeId);
  }

  #enter(engine: Engine, swarm: Swarm, role: "manager" | "worker"): void {
    const ID = randomBytes(12).toString("hex");
    swarm.nodes.push({ ID, Version: 1, Spec: { Role: role, Availability: "active", Labels: {} }, host: engine.name });
    Object.assign(engine, { swarm, nodeId: ID });
  }

  #isUp(node: Known): boolean {
    if (!node.host) return false;
    const engine = this.engine(node.host);
    return engine.running && !engine.locked && engine.nodeId === node.ID;
  }

  #works(swarm: Swarm | undefined): boolean {
    const managers = swarm?.nodes.filter(({ Spec, host }) => Spec.Role === "manager" && host) ?? [];
    return managers.filter((node) => this.#isUp(node)).length > managers.length / 2;
  }

  #own(engine: Engine) {
    const known = this.#known(engine);
    const state = engine.locked ? "locked" : engine.swarm ? "active" : "inactive";
    return { NodeID: engine.nodeId, LocalNodeState: state, ControlAvailable: !engine.locked && known?.Spec.Role === "manager", Error: "" };
  }

  #shown(swarm: Swarm, node: Known) {
    const isUp = this.#isUp(node);
    const leader = swarm.nodes.find((one) => one.Spec.Role === "manager" && this.#isUp(one));
    return {
      ...{ ID: node.ID, Version: { Index: node.Version }, Spec: node.Spec, Description: node.host ? { Hostname: node.host } : {} },
      Status: { State: isUp ? "ready" : node.host ? "down" : "unknown" },
      ...(node.Spec.Role === "manager" &&
        node.host && { ManagerStatus: { Leader: node === leader, Reachability: isUp ? "reachable" : "unreachable" } }),
    };
  }

  #service(swarm: Swarm, route: string, id: string, body: never): Partial<EngineAnswer> & { status: number } {
    const shown = ([ID, ForceUpdate]: [string, number]) => ({
      ...{ ID, Version: { Index: 7 }, UpdateStatus: { State: ForceUpdate > 0 ? "completed" : undefined } },
      Spec: { Name: ID, TaskTemplate: { ForceUpdate }, Mode: { Replicated: { Replicas: 1 } } },
    });
    if (route === "GET /services") return { status: 200, body: [...this.services].map(shown) };
    const updates = this.services.get(id);
    if (updates === undefined) return { status: 404, message: `service ${id} not found` };
    if (route.startsWith("GET ")) return { status: 200, body: shown([id, updates]) };
    this.services.set(id, (body as { TaskTemplate: { ForceUpdate: number } }).TaskTemplate.ForceUpdate);
    // new tasks go to nodes that take some
    for (const one of swarm.nodes.filter(({ Spec }) => Spec.Availability !== "active")) this.#move(swarm, one);
    return { status: 200 };
  }

  #move(swarm: Swarm, from: Known): void {
    const to = swarm.nodes.find((node) => node !== from && node.Spec.Availability === "active" && this.#isUp(node));
    if (!to) return;
    this.tasks.set(to.host, (this.tasks.get(to.host) ?? 0) + (this.tasks.get(from.host) ?? 0));
    this.tasks.set(from.host, 0);
  }
}
