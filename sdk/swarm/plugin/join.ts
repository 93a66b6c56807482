import type { MemberPlace, MemberWork } from "../../cluster/plugin/member.ts";
import { LinuxKitError } from "../../core/errors.ts";
import type { Engines } from "./managers.ts";
import type { NodeEngine } from "./node.ts";
import { until } from "./pause.ts";
import type { SwarmSettings } from "./settings.ts";

/** The port of the managers (docs.docker.com, "Use swarm mode": 2377/tcp, 7946/tcp+udp, 4789/udp). */
const MANAGERS_PORT = 2377;

/** Makes a swarm of this one node. */
export async function found(own: NodeEngine, { address }: MemberPlace, { overlays, autolock }: SwarmSettings): Promise<void> {
  await own.ask({
    method: "POST",
    path: "/swarm/init",
    body: {
      ...{ ListenAddr: `${address}:${MANAGERS_PORT}`, AdvertiseAddr: address, DataPathAddr: address },
      ...{ DefaultAddrPool: [overlays], SubnetSize: 24 },
      Spec: { EncryptionConfig: { AutoLockManagers: autolock } },
    },
  });
}

/**
 * Lets a node join by a token that a manager gives to this call, and that is then replaced: it has been in no other place, and
 * lets nobody else in.
 *
 * Source: Docker Engine API 1.41, POST /swarm/join, POST /swarm/update.
 */
export async function join(own: NodeEngine, manager: NodeEngine, place: MemberPlace, engines: Engines, work: MemberWork): Promise<void> {
  const machines = await engines.machines();
  const remote = machines.filter(({ name, role, running }) => name !== place.name && role === "manager" && running);
  const { JoinTokens } = await manager.swarm();
  const isManager = place.inputs.role === "manager";
  const { status, message } = await own.tryAsk({
    method: "POST",
    path: "/swarm/join",
    body: {
      ...{ ListenAddr: `${place.address}:${MANAGERS_PORT}`, AdvertiseAddr: place.address, DataPathAddr: place.address },
      ...{ RemoteAddrs: remote.map(({ address }) => `${address}:${MANAGERS_PORT}`) },
      JoinToken: isManager ? JoinTokens.Manager : JoinTokens.Worker,
    },
  });
  // an engine that waits longer than 20 s for its certificate goes on by itself
  if (status >= 400 && !/continue in the background/i.test(message)) throw notJoined(own.name, message);
  await until({ what: `node "${own.name}"`, lacks: "has not joined" }, work, async () => {
    const { LocalNodeState, Error: error } = await own.own();
    if (LocalNodeState === "error") throw notJoined(own.name, error);
    return LocalNodeState === "active" ? undefined : error || LocalNodeState;
  });
  await rotate(manager, isManager ? "rotateManagerToken" : "rotateWorkerToken");
}

/** Replaces a token: the former lets nobody in any more. */
async function rotate(manager: NodeEngine, which: "rotateManagerToken" | "rotateWorkerToken"): Promise<void> {
  await manager.insist(async () => {
    const { Version, Spec } = await manager.swarm();
    return { method: "POST", path: `/swarm/update?version=${Version.Index}&${which}=true`, body: Spec };
  });
}

/** What Docker says of a token, in words that say what to do. */
export function notJoined(name: string, message: string): LinuxKitError {
  const why = /fingerprint/.test(message)
    ? "the token is of another swarm"
    : /valid join token is necessary/.test(message)
      ? "the token is spent: it was replaced after an earlier join"
      : /invalid join token/i.test(message)
        ? "the token is none of a swarm"
        : undefined;
  const said = message.trim() || "no reason given";
  return new LinuxKitError("ACCESS_DENIED", `node "${name}" was not let into the swarm: ${why ? `${why} (${said})` : said}`, {
    url: "/swarm/join",
    status: 403,
  });
}
