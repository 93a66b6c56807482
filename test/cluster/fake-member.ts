import assert from "node:assert/strict";
import type { ClusterNode, Kept, MemberPlace, OpenMember } from "../../sdk/cluster/plugin/member.ts";
import { LinuxKitError } from "../../sdk/core/errors.ts";

/** What every call of the engine has. */
export const memberCall = () => ({
  ...{ urn: "urn:pulumi:dev::shop::linuxkit:index:QemuVm::m1", name: "m1", timeoutSeconds: 60, config: {} },
  ...{ signal: new AbortController().signal, progress: () => {} },
});

/** A kind of cluster that notes its calls, and refuses one of them. */
export function fakeKind({ kept = {}, refuse }: { readonly kept?: Kept; readonly refuse?: "prepare" | "rejoin" | "leave" }) {
  const calls: string[] = [];
  let last: MemberPlace | undefined;
  let refused = refuse;
  let once = false;
  const open: OpenMember = (place) => {
    last = place;
    const noted = async (call: typeof refuse): Promise<void> => {
      calls.push(`${place.name} ${call} as ${place.inputs.role}, kept ${place.kept["unlock"] ?? "nothing"}`);
      if (call !== refused) return;
      if (once) refused = undefined;
      throw new LinuxKitError("UNSUPPORTED", "no quorum", { what: "a test" });
    };
    return {
      prepare: () => noted("prepare"),
      rejoin: async () => {
        await noted("rejoin");
        return kept;
      },
      leave: () => noted("leave"),
    };
  };
  return {
    calls,
    load: async () => open,
    /** From now on. */
    refuse: (call: typeof refuse) => {
      refused = call;
    },
    /** The next such call alone. */
    refuseOnce: (call: typeof refuse) => {
      refused = call;
      once = true;
    },
    nodes: async (): Promise<readonly ClusterNode[]> => {
      assert.ok(last);
      return last.nodes();
    },
  };
}
