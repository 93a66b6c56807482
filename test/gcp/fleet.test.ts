import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { output, runtime } from "@pulumi/pulumi";
import { Fleet, type FleetArgs } from "../../providers/gcp/index.ts";
import { Image, Kernel } from "../../sdk/index.ts";

const OS = new Image({ kernel: new Kernel({ image: "example.com/kernel:1" }), init: ["example.com/init:1"] });

let arrived: (name: string, inputs: Record<string, unknown>) => void;

await runtime.setMocks({
  newResource({ name, type, inputs }) {
    arrived(name, inputs);
    const state: Record<string, Record<string, unknown>> = {
      "linuxkit:index:ImageBuild": {
        digest: `sha256:${"1".repeat(64)}`,
        arch: "amd64",
        path: "/cache/1",
        files: [{ role: "image", name: "web.img.tar.gz", sha256: "1", size: 1 }],
      },
      "gcp:compute/instanceTemplate:InstanceTemplate": { ...inputs, selfLink: "template-1", selfLinkUnique: "template-1?uniqueId=1" },
    };
    return { id: `${name}-id`, state: state[type] ?? inputs };
  },
  call: () => ({ project: "p", region: "europe-west3" }),
});

/** Inputs of the children of a fleet by name, once all of them are registered. */
async function childrenOf(args: Partial<FleetArgs>): Promise<Record<string, Record<string, unknown>>> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const children: Record<string, Record<string, unknown>> = {};
  arrived = (name, inputs) => {
    children[name] = inputs;
    if (name === "web-gate") resolve();
  };
  new Fleet("web", { image: OS, instanceType: "e2-small", count: 3, ...args });
  await promise;
  return children;
}

const surge = (group: Record<string, unknown> | undefined) => (group?.updatePolicy as { maxSurgeFixed: number } | undefined)?.maxSurgeFixed;

describe("a fleet on Google Cloud", () => {
  test("spans three zones with one surge machine for each, and has no health check without a health port", async () => {
    const { "web-group": group, "web-health": health } = await childrenOf({});
    assert.deepEqual(
      [group?.distributionPolicyZones, surge(group), group?.autoHealingPolicies, health],
      [undefined, 3, undefined, undefined],
    );
  });

  test("spans the given zones, also if they are outputs", async () => {
    const { "web-group": group } = await childrenOf({ zones: output(["a", "b"]) });
    assert.deepEqual([group?.distributionPolicyZones, surge(group)], [["a", "b"], 2]);
    const { "web-group": wider } = await childrenOf({ zones: ["a", output("b")], maxSurge: 4 });
    assert.deepEqual([wider?.distributionPolicyZones, surge(wider)], [["a", "b"], 4]);
  });

  test("checks health at the port of its image, or at its own port and path", async () => {
    const os = OS.with({ healthPort: 8080 });
    const { "web-health": health, "web-group": group } = await childrenOf({ image: os, healthCheckGracePeriod: 20 });
    assert.deepEqual(
      [health?.httpHealthCheck, group?.autoHealingPolicies],
      [
        { port: 8080, requestPath: "/healthz" },
        { healthCheck: "web-health-id", initialDelaySec: 20 },
      ],
    );
    const { "web-health": other } = await childrenOf({ image: os, healthPort: 80, healthPath: "/alive" });
    assert.deepEqual(other?.httpHealthCheck, { port: 80, requestPath: "/alive" });
  });
});
