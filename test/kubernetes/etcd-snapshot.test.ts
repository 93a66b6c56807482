import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MemberPlace, ServiceCommand } from "../../sdk/cluster/plugin/member.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { saveSnapshot, SNAPSHOT } from "../../sdk/kubernetes/plugin/etcd-snapshot.ts";

const signal = new AbortController().signal;

function placeThat(run: MemberPlace["run"]): MemberPlace {
  return {
    ...{ name: "control-1", address: "10.77.0.11", kept: {}, nodes: async () => [], run },
    inputs: { kind: "kubernetes", role: "control-plane", settings: {}, keys: { ca: "", certificate: "", key: "" } },
  };
}

describe("before a machine of the control plane is replaced", () => {
  const work = { signal, seconds: 60, progress: () => {} };

  test("its etcd writes a snapshot on its own disk", async () => {
    const ran: Omit<ServiceCommand, "signal">[] = [];
    await saveSnapshot(
      placeThat(async ({ service, command }) => {
        ran.push({ service, command });
        return { status: 0, printed: "Snapshot saved" };
      }),
      work,
    );
    assert.deepEqual(ran, [{ service: "etcd", command: ["etcdctl", "snapshot", "save", SNAPSHOT] }]);
  });

  test("the update stops where etcd writes none, with what etcdctl said last", async () => {
    const place = placeThat(async () => ({ status: 1, printed: "taking a snapshot\nError: no space left on device\n" }));
    await assert.rejects(saveSnapshot(place, work), (error) => {
      assert.ok(isLinuxKitError(error, "UNSUPPORTED"));
      assert.match(error.message, /^node "control-1": etcd wrote no snapshot, .* status 1: Error: no space left on device$/);
      return true;
    });
  });
});
