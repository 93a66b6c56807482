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

describe("ports of the host that lead nowhere", () => {
  const rows: [what: string, publish: unknown, definition: Parameters<typeof checkPublished>[2], wanted?: RegExp][] = [
    ["the port of a health check", ["8080:80"], os({ services: [web()] })],
    [
      "another",
      ["8080:80", "8081:81"],
      os({ services: [web()] }),
      /^machine "m": publish\[1\]: got "8081:81", and no service lets port 81\/tcp in: they let in 80\/tcp; wanted a service with publish: \["81"\], or one with net: "host"$/,
    ],
    ["another protocol", ["8080:80/udp"], os({ services: [web()] }), /no service lets port 80\/udp in: .* publish: \["80\/udp"\]/],
    [
      "one of a service that closed it",
      ["8080:80"],
      os({ services: [web({ publish: [] })] }),
      /no service lets port 80\/tcp in: they let in nothing/,
    ],
    ["one that leads to another inside", ["8080:80"], os({ services: [web({ publish: ["80:8080"] })] })],
    ["the machine's own health", ["8080:8000"], os({ services: [web()], healthPort: 8000 })],
    ["of a machine without services", ["8080:80"], os({}), /they let in nothing/],
    [
      "beside a service on the machine's network",
      ["8080:81"],
      os({ services: [web(), new Service("other", { image: nginx, net: "host" })] }),
    ],
    ["beside an image whose label may say so", ["8080:81"], os({ services: [web(), new Service("other", { image: "nginx:1.27" })] })],
    [
      "beside one whose label may not",
      ["8080:81"],
      os({ services: [web(), new Service("other", { image: "nginx:1.27", net: "private" })] }),
      /publish\[0\]/,
    ],
    ["under another init", ["8080:81"], os({ init: ["linuxkit/init:1"], services: [new Service("web", { image: nginx, net: "none" })] })],
    ["with a network that is known later", ["8080:81"], os({ services: [web({ publish: output(["81"]) })] })],
    ["with a port that is known later", ["8080:81"], os({ services: [web({ publish: [output("81")] })] })],
    ["with a health check that is known later", ["8080:81"], os({ services: [web({ health: { http: { port: output(81) } } })] })],
    ["that are known later", output(["8080:81"]), os({ services: [web()] })],
    ["of which one is known later", [output("8080:81")], os({ services: [web()] })],
    ["of a definition that is not known", ["8080:81"], undefined],
    ["that cannot be read, which is said elsewhere", ["x"], os({ services: [web()] })],
  ];
  for (const [what, publish, definition, wanted] of rows) {
    test(`${wanted ? "refused" : "taken"}: ${what}`, () => {
      const check = () => checkPublished('machine "m"', publish, definition);
      if (wanted) assert.throws(check, { code: "INVALID_DEFINITION", message: wanted });
      else check();
    });
  }
});
