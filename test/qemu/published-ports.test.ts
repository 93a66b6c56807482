import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { output } from "@pulumi/pulumi";
import { checkPublished } from "../../providers/qemu/published-ports.ts";
import { debian } from "../../sdk/debian/images.ts";
import { Image, type ImageArgs, Kernel, Service, type ServiceArgs } from "../../sdk/index.ts";

const nginx = debian.packages({ packages: ["nginx-light"], command: ["nginx"] });
const os = (parts: Omit<ImageArgs, "kernel">) =>
  new Image({ kernel: new Kernel({ image: debian.kernel() }), init: [debian.init()], ...parts }).spec;
const web = (fields: Partial<ServiceArgs> = {}) => new Service("web", { image: nginx, health: { http: { port: 80 } }, ...fields });

describe("the check of published ports", () => {
  const rows: [what: string, publish: unknown, definition: Parameters<typeof checkPublished>[2], wanted?: RegExp][] = [
    ["the port of a health check", ["8080:80"], os({ services: [web()] })],
    [
      "another port",
      ["8080:80", "8081:81"],
      os({ services: [web()] }),
      /^machine "m": publish\[1\]: got "8081:81", but no service publishes port 81\/tcp: they publish 80\/tcp; wanted a service with publish: \["81"\], or one with net: "host"$/,
    ],
    ["another protocol", ["8080:80/udp"], os({ services: [web()] }), /no service publishes port 80\/udp: .* publish: \["80\/udp"\]/],
    [
      "the port of a service that closes it",
      ["8080:80"],
      os({ services: [web({ publish: [] })] }),
      /no service publishes port 80\/tcp: they publish nothing/,
    ],
    ["a port that the service maps to another", ["8080:80"], os({ services: [web({ publish: ["80:8080"] })] })],
    ["the machine's health port", ["8080:8000"], os({ services: [web()], healthPort: 8000 })],
    ["a port of a machine without services", ["8080:80"], os({}), /they publish nothing/],
    [
      "any port beside a service on the machine's network",
      ["8080:81"],
      os({ services: [web(), new Service("other", { image: nginx, net: "host" })] }),
    ],
    [
      "any port beside an image whose label may publish it",
      ["8080:81"],
      os({ services: [web(), new Service("other", { image: "nginx:1.27" })] }),
    ],
    [
      "a port beside an image whose label may not publish it",
      ["8080:81"],
      os({ services: [web(), new Service("other", { image: "nginx:1.27", net: "private" })] }),
      /publish\[0\]/,
    ],
    [
      "any port under another init",
      ["8080:81"],
      os({ init: ["linuxkit/init:1"], services: [new Service("web", { image: nginx, net: "none" })] }),
    ],
    ["a port with a published list of outputs", ["8080:81"], os({ services: [web({ publish: output(["81"]) })] })],
    ["a port with a published output", ["8080:81"], os({ services: [web({ publish: [output("81")] })] })],
    ["a port with a health check of an output", ["8080:81"], os({ services: [web({ health: { http: { port: output(81) } } })] })],
    ["a list that is an output", output(["8080:81"]), os({ services: [web()] })],
    ["a list with an output", [output("8080:81")], os({ services: [web()] })],
    ["any port without a definition", ["8080:81"], undefined],
    ["malformed text, which another check refuses", ["x"], os({ services: [web()] })],
  ];
  for (const [what, publish, definition, wanted] of rows) {
    test(`${wanted ? "refuses" : "accepts"} ${what}`, () => {
      const check = () => checkPublished('machine "m"', publish, definition);
      if (wanted) assert.throws(check, { code: "INVALID_DEFINITION", message: wanted });
      else check();
    });
  }
});
