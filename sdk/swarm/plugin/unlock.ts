import type { Kept, MemberPlace, MemberWork } from "../../cluster/plugin/member.ts";
import { LinuxKitError } from "../../core/errors.ts";
import type { Engines } from "./managers.ts";
import type { NodeEngine } from "./node.ts";
import { until } from "./pause.ts";

/**
 * Unlocks a manager after its start: by the key that another manager has, or else by the one in the stack's state.
 *
 * Source: Docker Engine API 1.41, POST /swarm/unlock; docs.docker.com, "Lock your swarm to protect its encryption key".
 */
export async function unlock(own: NodeEngine, place: MemberPlace, engines: Engines, work: MemberWork): Promise<void> {
  const { engine } = await engines.manager();
  const keys = [engine && (await unlockKey(engine)), place.kept["unlockKey"]].filter((key) => key !== undefined);
  const reasons: string[] = [];
  for (const UnlockKey of new Set(keys)) {
    const { status, message } = await own.tryAsk({ method: "POST", path: "/swarm/unlock", body: { UnlockKey } });
    if (status < 400)
      return until({ what: `node "${place.name}"`, lacks: "is still locked" }, work, async () =>
        (await own.own()).LocalNodeState === "locked" ? "its engine reads what it kept" : undefined,
      );
    reasons.push(message.trim());
  }
  const why = reasons.length > 0 ? reasons.join("; ") : "no other manager answers, and the state has no key";
  throw new LinuxKitError("ACCESS_DENIED", `node "${place.name}" is locked and no key opens it: ${why}`, {
    url: "/swarm/unlock",
    status: 403,
  });
}

/** Locks or unlocks the swarm as a whole, and returns the key that the state keeps. */
export async function keepLock(manager: NodeEngine, autolock: boolean): Promise<Kept> {
  if ((await manager.swarm()).Spec.EncryptionConfig.AutoLockManagers !== autolock)
    await manager.insist(async () => {
      const { Version, Spec } = await manager.swarm();
      const body = { ...Spec, EncryptionConfig: { ...Spec.EncryptionConfig, AutoLockManagers: autolock } };
      return { method: "POST", path: `/swarm/update?version=${Version.Index}`, body };
    });
  return autolock ? { unlockKey: await unlockKey(manager) } : {};
}

async function unlockKey(manager: NodeEngine): Promise<string> {
  return ((await manager.ask({ method: "GET", path: "/swarm/unlockkey" })) as { readonly UnlockKey: string }).UnlockKey;
}
