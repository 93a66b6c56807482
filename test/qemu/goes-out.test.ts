import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { output } from "@pulumi/pulumi";
import { goesOut } from "../../providers/qemu/goes-out.ts";
import { debian } from "../../sdk/debian/images.ts";
import { Image, type ImageArgs, Kernel, OnbootTask, Service, type ServiceArgs } from "../../sdk/index.ts";

const nginx = debian.packages({ packages: ["nginx-light"], command: ["nginx"] });
const os = (parts: Omit<ImageArgs, "kernel">) =>
  new Image({ kernel: new Kernel({ image: debian.kernel() }), init: [debian.init()], ...parts }).spec;
const web = (fields: Partial<ServiceArgs> = {}) => new Service("web", { image: nginx, health: { http: { port: 80 } }, ...fields });
const dhcp = new OnbootTask("dhcp", { image: debian.dhcp() });

describe("a guest opens connections to the outside", () => {
  const rows: [what: string, definition: Parameters<typeof goesOut>[0], wanted: false | undefined, publish?: unknown][] = [
    ["not with services that only answer", os({ onboot: [dhcp], services: [web()] }), false],
    ["not with a published TCP port", os({ services: [web()] }), false, ["8080:80"]],
    [
      "not with services that reach each other",
      os({ services: [web({ egress: [{ to: "db" }] }), new Service("db", { image: nginx })] }),
      false,
    ],
    ["not with an image whose label may close its network", os({ services: [web({ image: "nginx:1.27" })] }), false],
    ["not with a task that has no network", os({ onboot: [new OnbootTask("t", { image: nginx, net: "none" })], services: [web()] }), false],
    ["with a task on the machine's network", os({ onboot: [new OnbootTask("t", { image: nginx })], services: [web()] }), undefined],
    [
      "with a task that asks a cloud",
      os({ onboot: [new OnbootTask("m", { image: debian.metadata({ cloud: "aws" }) })], services: [web()] }),
      undefined,
    ],
    ["with a service that names an address", os({ services: [web({ egress: [{ to: "10.0.0.1" }] })] }), undefined],
    ["with a service that asks name servers", os({ services: [web({ egress: [{ to: "dns" }] })] }), undefined],
    ["with a service on the machine's network", os({ services: [web({ net: "host", publish: undefined })] }), undefined],
    ["with an image whose label opens what it wants", os({ services: [web({ image: "nginx:1.27", label: "allow" })] }), undefined],
    ["with LinuxKit's sandbox", os({ services: [web({ sandbox: "linuxkit" })] }), undefined],
    ["with a log that is forwarded", os({ services: [web({ log: { forward: "tcp://10.0.0.1:514" } })] }), undefined],
    ["with a published UDP port, which would not answer otherwise", os({ services: [web()] }), undefined, ["5353:53/udp"]],
    ["with ports that are known later", os({ services: [web()] }), undefined, output(["8080:80"])],
    ["with another init", os({ init: ["linuxkit/init:v1"], services: [web({ net: "none", publish: undefined })] }), undefined],
    ["when the definition is not known", undefined, undefined],
  ];
  for (const [what, definition, wanted, publish] of rows) test(what, () => assert.equal(goesOut(definition, publish), wanted));
});
