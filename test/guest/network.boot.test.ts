import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cloud } from "./cloud.ts";
import { debian } from "../../sdk/debian/images.ts";
import { privateLinks } from "../../sdk/guest/firewall.ts";
import { hopLimit } from "../../providers/aws/machine-metadata.ts";
import { Image, Kernel, Service, type ServiceArgs } from "../../sdk/index.ts";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

// sendto to one port of 6000 addresses, of which nobody answers; it begins when the machine is healthy
const FLOOD = `$| = 1; use Socket; socket(S, 2, 2, 17); sleep 20;
for my $n (1 .. 6000) { send(S, "x", 0, sockaddr_in(9, pack("C4", 10, 100, $n >> 8, $n & 255))) }
print "tried\n"; sleep 100000`;

const EGRESS = [
  { to: "web", port: 80 },
  ...["169.254.169.254", "169.254.169.253"].map((to) => ({ to, port: 80, protocol: "tcp" as const })),
];

/** How far EC2's answers travel to a machine whose service names the metadata service, and to one without such a service. */
const HOPS = { named: hopsFor([service("client", "true", { egress: EGRESS }), service("web", "true")]), unnamed: hopsFor([]) };

function hopsFor(services: Service[]): number {
  return hopLimit(new Image({ kernel: new Kernel({ image: debian.kernel() }), init: [debian.init()], services }).spec);
}

// datagrams that seem to come from each of these addresses; a raw socket of the protocol 255 takes the IP header as it is given
const spoof = (to: string, from: Readonly<Record<string, string>>): string => `$| = 1; use Socket; socket(S, 2, 3, 255) or die $!; sleep 10;
sub n { pack "C4", split /\\./, $_[0] }
for my $one (${Object.entries(from).map(([name, address]) => `"${name} ${address}"`)}) { my ($name, $from) = split / /, $one;
my $text = "as $name"; my $packet = pack("CCnnnCCna4a4nnnn", 69, 0, 28 + length $text, 7, 0, 64, 17, 0, n($from), n("${to}"), 7000, 7000, 8 + length $text, 0) . $text;
defined send(S, $packet, 0, sockaddr_in(0, n("${to}"))) or print "$name: $!\n" }
print "tried\n"; sleep 100000`;

const perl = (name: string, script: string, fields: Partial<ServiceArgs>) =>
  new Service(name, { image: debian.packages({ packages: ["perl-base"] }), command: ["/usr/bin/perl", "-e", script], ...fields });

const HEARS = `$| = 1; use Socket; socket(S, 2, 2, 17); bind(S, sockaddr_in(7000, INADDR_ANY)); while (recv(S, my $text, 99, 0)) { print "$text\n" }`;
const SPEAKS = `use Socket; socket(S, 2, 2, 17); while (1) { send(S, "itself", 0, sockaddr_in(7000, inet_aton("hears"))); sleep 1 }`;

test("a private network only accepts published ports, named destinations, and a cloud's metadata if it is named", async () => {
  // QEMU's user network leads its router's address to the loopback interface of this host, and an address beyond it where the
  // test wants it
  const outside = createServer((socket) => socket.end("outside\n")).listen(0, "127.0.0.1");
  await once(outside, "listening");
  const { port } = outside.address() as { port: number };
  // each destination that it reaches answers with a line; a refusal is quick
  const reach = (targets: Readonly<Record<string, string>>): string =>
    `${Object.entries(targets)
      .map(
        ([name, target]) =>
          `printf "GET / HTTP/1.0\\r\\n\\r\\n" | busybox nc -w 5 ${target} 2>/dev/null | grep -qE 'web|page|outside|credentials|SSH|HTTP' && echo ${name}`,
      )
      .join("\n")}\necho tried`;
  // only these have a link
  const links = privateLinks(["web", "page", "client", "roams", "wide", "floods", "hears", "speaks", "spoofs"]);
  const addressOf = (name: string): string => links.get(name)?.address ?? "";
  const forged = {
    speaks: addressOf("speaks"),
    gateway: links.get("hears")?.gateway ?? "",
    machine: "10.0.2.15",
    router: "10.0.2.2",
    loopback: "127.0.0.1",
    itself: addressOf("hears"),
  };
  const TARGETS = {
    web: `${links.get("web")?.address} 80`,
    "web-by-name": "web 80",
    "web-at-the-machine": "10.0.2.15 8080",
    page: `${links.get("page")?.address} 80`,
    "page-by-name": "page 80",
    machine: "10.0.2.15 8081",
    gateway: `${links.get("client")?.gateway} 8081`,
    outside: "10.0.2.9 80",
    host: `10.0.2.2 ${port}`,
    "host-at-the-name-server": `10.0.2.3 ${port}`,
    metadata: "169.254.169.254 80",
    "metadata-one-hop-away": "169.254.169.253 80",
  };
  // its own server begins at the same time
  const LISTENS = "until busybox nc -w 1 127.0.0.1 80 </dev/null >/dev/null 2>&1; do sleep 0.2; done";
  const rest = `${reach(TARGETS)}; exec sleep 100000`;
  const after = ["web", "metadata-route", "near-route", "spy"];
  await using machine = await bootImage(
    {
      onboot: [dhcp()],
      services: [
        spy({ port: 8081, capabilities: ["CAP_SYS_CHROOT", "CAP_NET_ADMIN"] }),
        ...cloud({ hops: HOPS.named }),
        ...cloud({ name: "near", address: "169.254.169.253", hops: HOPS.unnamed }),
        service("web", "exec busybox nc -ll -p 80 -e echo web", {
          publish: ["8080:80"],
          capabilities: ["CAP_NET_BIND_SERVICE"],
          health: { tcp: { port: 80 } },
        }),
        service("page", `(sleep 3; ${reach(TARGETS)}) & exec busybox nc -ll -p 80 -e echo page`, {
          capabilities: ["CAP_NET_BIND_SERVICE"],
          health: { tcp: { port: 80 } },
          after,
        }),
        service("shut", `(${LISTENS}; ${reach({ itself: "127.0.0.1 80", ...TARGETS })}) & exec busybox nc -ll -p 80 -e echo page`, {
          capabilities: ["CAP_NET_BIND_SERVICE"],
          health: { tcp: { port: 80 } },
          publish: [],
          after: ["page"],
        }),
        service("client", rest, { userns: "private", egress: EGRESS, after }),
        service("quiet", rest, { after }),
        service("roams", `${reach(TARGETS)}; cat /proc/net/if_inet6; exec sleep 100000`, { egress: [{ to: "any" }], after }),
        perl("hears", HEARS, { publish: [] }),
        perl("speaks", SPEAKS, { egress: [{ to: "hears", port: 7000, protocol: "udp" }] }),
        perl("spoofs", spoof(addressOf("hears"), forged), { capabilities: ["CAP_NET_RAW"], egress: [{ to: "any" }], after: ["spy"] }),
        // datagrams to 6000 destinations, each a connection for the kernel
        perl("floods", FLOOD, { egress: [{ to: "10.64.0.0/10" }], after }),
        service("wide", rest, { egress: [{ to: "10.0.0.0/8" }, { to: "10.0.2.2", port }], after }),
        service(
          "shares",
          `${reach({
            machine: TARGETS.machine,
            page: TARGETS.page,
            metadata: TARGETS.metadata,
            "metadata-one-hop-away": TARGETS["metadata-one-hop-away"],
          })}; exec sleep 100000`,
          {
            net: "host",
            after: [...after, "page"],
          },
        ),
        new Service("rules", {
          image: debian.packages({ packages: ["nftables"] }),
          command: ["/usr/sbin/nft", "list", "ruleset"],
          net: "host",
          capabilities: ["CAP_NET_ADMIN"],
          restart: "never",
        }),
      ],
    },
    { ports: [80, 8080, 8081], leads: { "10.0.2.9:80": port } },
  );
  try {
    await machine.until("health", ({ stage }) => stage === "healthy");
    const reached = async (name: string): Promise<string[]> => {
      for (;;) {
        const log = await ask(machine, `cat /host/run/log/${name}.log`, 8081);
        if (log.includes("tried\n")) return log.slice(0, log.indexOf("tried\n")).split("\n").slice(0, -1);
        await sleep(300);
      }
    };
    assert.deepEqual(await reached("client"), ["web", "web-by-name", "metadata"]);
    assert.equal(
      await ask(machine, "cd /host/containers/services; grep -l 198.18 */hosts", 8081),
      "client/hosts\nspeaks/hosts\n",
      "only these name another",
    );
    // its own address
    assert.deepEqual(await reached("page"), ["page"]);
    assert.deepEqual(await reached("quiet"), []);
    assert.deepEqual(await reached("roams"), ["outside"]);
    // of IPv6 it has its loopback link
    assert.match(await ask(machine, "cat /host/run/log/roams.log", 8081), /\ntried\n0{31}1 01 80 10 80 +lo\n$/);
    // the host's loopback interface only by its name
    assert.deepEqual(await reached("wide"), ["outside", "host"]);
    assert.deepEqual(await reached("shut"), ["itself"]);
    // an answer that travels one hop is for the machine, and gets lost on the way to a service behind it
    assert.deepEqual(await reached("shares"), ["machine", "page", "metadata", "metadata-one-hop-away"]);
    for (const [at, word] of [
      [80, "page"],
      [8080, "web"],
    ] as const)
      assert.equal(await said(machine.port(at)), `${word}\n`);
    // a raw socket does not lend another's address
    assert.deepEqual(await reached("spoofs"), []);
    const heard = await ask(machine, "sort -u /host/run/log/hears.log", 8081);
    assert.equal(heard, "itself\n");
    // only services that are reached or reach others have a link: client, floods, hears, page, roams, speaks, spoofs, web and wide
    assert.equal(await ask(machine, "ls /sys/class/net | grep -c lk", 8081), "9\n");
    // it forwards for its services, and is no router for others
    assert.equal(await ask(machine, "cat /proc/sys/net/ipv4/ip_forward", 8081), "1\n");
    // one service's flood fills its own share of the connection table, and leaves the others theirs
    assert.deepEqual(await reached("floods"), []);
    const [count = 0, most = 0] = (await ask(machine, "cd /proc/sys/net/netfilter; cat nf_conntrack_count nf_conntrack_max", 8081))
      .split("\n")
      .map(Number);
    // 9 services with two shares each, and one of the machine
    assert.ok(most >= 19 * 4096 && count >= 4096 && count < 5000, `${count} of ${most}: ${machine.console()}`);
    assert.equal(await said(machine.port(80)), "page\n");
    const rules = await ask(machine, "cat /host/run/log/rules.log", 8081);
    assert.match(
      rules,
      /chain forward \{\s+type filter hook forward priority filter; policy accept;\s+iifname != "lk\*" oifname != "lk\*" drop\n/,
    );
  } finally {
    outside.close();
  }
});

/** The bytes that a connection receives. */
async function said(port: number): Promise<string> {
  let text = "";
  for await (const chunk of connect(port, "127.0.0.1").setEncoding("utf8")) text += String(chunk);
  return text;
}
