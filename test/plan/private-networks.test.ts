import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Image } from "../../sdk/definition/image.ts";
import { OnbootTask } from "../../sdk/definition/onboot-task.ts";
import { Service } from "../../sdk/definition/service.ts";
import type { ServiceArgs } from "../../sdk/definition/service-args.ts";
import { debian } from "../../sdk/debian/images.ts";
import { withNeededModules } from "../../sdk/debian/needed-modules.ts";
import { type PrivateNetwork, privateLinks } from "../../sdk/guest/firewall.ts";
import { privateNetworks } from "../../sdk/plan/private-networks.ts";
import { bundles } from "../../sdk/runtime/bundle.ts";

const service = (name: string, fields: Partial<ServiceArgs> = {}): Service =>
  new Service(name, { image: `example.com/${name}`, command: ["x"], ...fields });
const PLAIN = { entrypoint: [], cmd: [], env: [], workingDir: "", user: "", stopSignal: "" };

/** The link of a service, as long as no other has its number. */
const linkOf = (name: string) => privateLinks([name]).get(name)?.link;
const addressOf = (name: string) => privateLinks([name]).get(name)?.address;

/** The networks of services; `labels` are their images' labels, by image name. */
function networksOf(
  services: Service[],
  labels: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
  own = true,
): ReadonlyMap<string, PrivateNetwork> {
  const { spec } = new Image({ services, onboot: [new OnbootTask("dhcp", { image: "example.com/dhcp", command: ["x"] })] });
  const laidOut = bundles(spec, (image) => ({ ...PLAIN, label: labels[String(image).replace("example.com/", "")] ?? {} }), "amd64");
  return privateNetworks(laidOut, spec.services, own);
}

const short = (networks: ReturnType<typeof networksOf>) =>
  [...networks].map(([name, { link, publish, egress }]) => [
    name,
    link,
    publish.map(({ outside, inside }) => `${outside}:${inside}`).join(),
    egress.map(({ to, port }) => `${to} ${port ?? "*"}`).join(),
  ]);

describe("the network of a service", () => {
  const http = (port: number) => ({ health: { http: { port } } });
  for (const [what, services, wanted] of [
    [
      "has no link if nothing is published and no egress is allowed",
      [service("a"), service("b", { health: { command: ["x"] } }), service("c", { ...http(80), publish: [] })],
      [],
    ],
    [
      "publishes the port of its health check by default",
      [service("a", http(80)), service("b", { health: { tcp: { port: 81 } } })],
      [
        ["a", linkOf("a"), "80:80", ""],
        ["b", linkOf("b"), "81:81", ""],
      ],
    ],
    [
      "publishes the ports in publish instead",
      [service("a", { ...http(80), publish: ["8080:80", "81"] })],
      [["a", linkOf("a"), "8080:80,81:81", ""]],
    ],
    [
      "allows the named egress, and gives a named service a link too",
      [service("a", { egress: [{ to: "b", port: 5432 }, { to: "dns" }] }), service("b"), service("c")],
      [
        ["a", linkOf("a"), "", `${addressOf("b")} 5432,dns *`],
        ["b", linkOf("b"), "", ""],
      ],
    ],
    [
      "is the machine's with net: host and in LinuxKit's sandbox",
      [service("a", { net: "host", ...http(80) }), service("b", { sandbox: "linuxkit", ...http(81) })],
      [],
    ],
  ] as const) {
    test(what, () => assert.deepEqual(short(networksOf([...services])), wanted));
  }

  test("has the names of those that it connects to, each once", () => {
    const services = [
      service("app", {
        egress: [{ to: "db", port: 5432 }, { to: "db", port: 5433 }, { to: "cache" }, { to: "10.0.0.0/8" }, { to: "dns" }],
      }),
      service("db", { egress: [{ to: "any" }] }),
      service("cache"),
    ];
    const hosts = new Map([...networksOf(services)].map(([name, network]) => [name, network.hosts]));
    const wanted = ["db", "cache"].map((name) => ({ name, address: addressOf(name) }));
    assert.deepEqual(Object.fromEntries(hosts), { app: wanted, db: [], cache: [] });
  });

  test("comes from the label of its image, unless it publishes ports itself", () => {
    const host = { web: { net: "host" } };
    assert.deepEqual(short(networksOf([service("web", http(80))], host)), [["web", linkOf("web"), "80:80", ""]]);
    assert.deepEqual(short(networksOf([service("web", { label: "allow", ...http(80) })], host)), []);
    assert.deepEqual(short(networksOf([service("web", { label: "allow", publish: ["80"] })], host)), [["web", linkOf("web"), "80:80", ""]]);
    assert.throws(() => networksOf([service("app", { egress: [{ to: "web" }] }), service("web", http(80))], { web: { net: "none" } }), {
      code: "INVALID_DEFINITION",
      message:
        'services.app.egress[0].to: got "web", whose image\'s label gives it no network of its own: set net: "private" in that service, or use an address',
    });
  });

  test("must be set with another init, which cannot make a private one", () => {
    assert.throws(() => networksOf([service("web")], {}, false), {
      code: "INVALID_DEFINITION",
      message: 'services.web.net: got "private" by default, which needs the guest\'s own init: set init: [debian.init()], or net: "host"',
    });
    assert.throws(() => networksOf([service("web", { net: "private" })], {}, false), { message: /^services\.web\.net: got "private"/ });
    assert.equal(networksOf([service("web", { net: "host" })], {}, false).size, 0);
  });
});

describe("an image has the modules of the firewall", () => {
  const NAT = ["nft_chain_nat", "nft_nat"];
  const LINK = ["veth", "nft_ct", "nft_reject_ipv4", "nft_connlimit"];
  for (const [what, services, modules] of [
    [
      "only if a service has a link",
      [
        service("a"),
        service("b", { net: "host", health: { tcp: { port: 80 } } }),
        service("c", { net: "none", health: { tcp: { port: 80 } } }),
      ],
      [],
    ],
    ["that a container names", [service("a", { net: "host", modules: ["overlay"] })], ["overlay"]],
    ["to publish", [service("a", { publish: ["80"] })], [...LINK, ...NAT]],
    ["to connect services", [service("a", { egress: [{ to: "b" }] }), service("b")], LINK],
    ["to connect to the outside", [service("a", { egress: [{ to: "any" }] })], [...LINK, "nft_chain_nat", "nft_masq"]],
  ] as const) {
    test(what, () => {
      const { spec } = new Image({ kernel: { image: debian.kernel() }, init: [debian.init()], services: [...services] });
      const { kernel } = withNeededModules(spec);
      const debianOf = (image: unknown) => (image as ReturnType<typeof debian.init>).debian;
      assert.deepEqual(debianOf(kernel?.image).modules ?? [], modules);
    });
  }
});
