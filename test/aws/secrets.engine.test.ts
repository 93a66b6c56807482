import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import { present } from "../../sdk/core/present.ts";
import { AutoScaling } from "../support/aws/auto-scaling.ts";
import { AwsServer } from "../support/aws/aws-server.ts";
import { pulumiAws } from "../support/aws/pulumi-aws.ts";
import { makeStack } from "../support/engine.ts";

const program = (secrets: string): string => `
import * as pulumi from "@pulumi/pulumi";
import { debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { Fleet } from "pulumi-linuxkit/aws";
const image = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() }), new OnbootTask("secrets", { image: debian.secrets({ cloud: "aws" }) })],
  services: [new Service("web", { image: debian.packages({ packages: ["busybox-static"] }), command: ["busybox", "sleep", "100000"], secrets: { db: "" } })],
});
new Fleet("web", { image, count: 1, instanceType: "t3.micro", subnetIds: ["subnet-0"], secrets: ${secrets} });
`;

test("under the real engine, a fleet's secrets become tags of its instances, and an unknown service or an unsuited type is refused", {
  timeout: 300_000,
}, async () => {
  const scaling = new AutoScaling();
  await using server = await AwsServer.start({ actions: (action, form) => scaling.action(action, form) });
  const aws = pulumiAws(server, scaling);
  await using stack = await makeStack({
    files: { "index.js": program(`{ wbe: { db: "ssm:/prod/db" } }`) },
    others: [aws.provider],
    config: { "aws:region": "eu-central-1" },
    env: { ...server.environment, PULUMI_LINUXKIT_CACHE: defaultCacheDir() },
  });
  const refused = await stack.run("up", "--yes", "--skip-preview");
  assert.notEqual(refused.status, 0);
  assert.match(refused.text, /"web": secrets\.wbe: got "wbe", which is not a service: did you mean "web"\?/);
  assert.equal(aws.templates.size, 0);

  const right = program(`{ web: { db: pulumi.output("ssm:/prod/db") } }`);
  // EC2 is asked about the type in a preview too
  for (const [type, problem] of [
    ["a1.large", /fleet "web": instanceType: got a1\.large, which is arm64, wanted one for x86_64/],
    ["t3.mikro", /fleet "web": instanceType: got "t3\.mikro", wanted an instance type that EC2 has in this region/],
  ] as const) {
    await stack.write("index.js", right.replace("t3.micro", type));
    for (const operation of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const unsuited = await stack.run(...(operation as [string]));
      assert.notEqual(unsuited.status, 0);
      assert.match(unsuited.text, problem);
    }
  }
  assert.deepEqual([server.requests.filter(({ action }) => action === "StartSnapshot"), server.blocksPut], [[], 0]);

  await stack.write("index.js", right);
  await stack.up();
  const { tagSpecifications, metadataOptions } = present([...aws.templates.values()][0]?.at(-1));
  assert.deepEqual(tagSpecifications, [
    { resourceType: "instance", tags: { Name: "web", "linuxkit.secret.web.db": "ssm:/prod/db" } },
    { resourceType: "volume", tags: { Name: "web" } },
  ]);
  assert.equal((metadataOptions as { instanceMetadataTags?: string }).instanceMetadataTags, "enabled");
});
