import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import type { DebianImage } from "../../sdk/definition/debian-image.ts";
import { audit, debian, docker, type DockerArgs, Image, OnbootTask, Service, Volume } from "../../sdk/index.ts";

const data = new Volume("docker", { persistent: { serial: "docker" } });
const services = (args: Partial<DockerArgs> = {}) => docker({ data, ...args });
const fileOf = (args: Partial<DockerArgs>, name: string): string => {
  const image = services(args)[0]?.spec.image as DebianImage | undefined;
  return image?.debian.files.find(({ path }) => path.endsWith(`/${name}`))?.contents ?? assert.fail(`no file ${name}`);
};
const setup = (args: Partial<DockerArgs>): string => fileOf(args, "set-up-docker");

describe("docker()", () => {
  test("gives services that fit into an image beside a service behind the firewall", () => {
    const image = new Image({
      init: [debian.init()],
      onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
      volumes: [data],
      services: [new Service("web", { image: "x", health: { tcp: { port: 80 } } }), ...services({ images: ["nginx:1.27"] })],
    });
    assert.deepEqual(Object.keys(image.spec.services), ["containerd", "docker", "docker-setup", "web"]);
    assert.deepEqual(image.spec.services["docker"]?.after, ["containerd"]);
  });

  test("holds its packages once: all services have one image", () => {
    const [first, ...others] = services({ images: ["nginx:1.27"] }).map(({ spec }) => spec.image);
    for (const other of others) assert.deepEqual(other, first);
  });

  test("has no third service without images and containers", () => {
    assert.deepEqual(
      services().map(({ name }) => name),
      ["containerd", "docker"],
    );
  });

  test("takes addresses of containers from network.cidr", () => {
    const settings = JSON.parse(fileOf({ network: { cidr: "10.200.5.9/16" }, daemon: { debug: true } }, "daemon.json"));
    assert.deepEqual(settings, {
      bip: "10.200.0.1/24",
      "default-address-pools": [{ base: "10.200.0.0/16", size: 24 }],
      debug: true,
      "live-restore": true,
    });
  });

  test("binds the folder of another socket in each service that reaches it", () => {
    const [, engine, last] = services({ socket: "/run/engine/docker.sock", images: ["nginx:1.27"] });
    assert.match(String(engine?.spec.binds), /\/run\/engine:\/run\/engine/);
    assert.deepEqual(last?.spec.binds, ["/run/engine:/run/engine"]);
  });

  test("is found by the audit, and so is a service that reaches its socket", () => {
    const seer = new Service("seer", { image: "x", binds: ["/run/engine:/run/engine:ro"] });
    const image = new Image({ volumes: [data], services: [seer, ...services({ socket: "/run/engine/docker.sock" })] });
    const paths = audit(image).findings.filter(({ rule }) => rule === "container-engine");
    assert.deepEqual(
      paths.map(({ path }) => path),
      ["services.containerd", "services.docker", "services.seer.binds[0]"],
    );
  });
});

describe("what docker() refuses", () => {
  const ROWS: readonly (readonly [args: object, message: string | RegExp])[] = [
    [{ data: "docker" }, /^docker: data: got "docker", wanted a persistent volume: new Volume\("docker", \{ persistent/],
    [{ data: undefined }, /^docker: data: got nothing, wanted a persistent volume/],
    [{ data: new Volume("ram") }, /^docker: data: got the volume "ram", which is in memory, where the engine stores no images; wanted/],
    [{ network: { cidr: "10.0.0.0/24" } }, /^docker: network\.cidr: got "10\.0\.0\.0\/24", wanted an IPv4 network of at most 20 bits/],
    [{ network: { cidr: "10.0.0.1" } }, /^docker: network\.cidr: got "10\.0\.0\.1", wanted an IPv4 network/],
    [{ socket: "/var/run/docker.sock" }, /^docker: socket: got "\/var\/run\/docker\.sock", wanted a path below a folder of \/run/],
    [{ socket: "/run/docker.sock" }, /^docker: socket: /],
    [{ images: ["oci:app:1"] }, /^docker: images\[0\]: got "oci:app:1", wanted "docker-archive:FILE" or a name as "nginx:1\.27"/],
    [{ images: ["docker-archive:a.tar:b"] }, /^docker: images\[0\]: .*wanted "docker-archive:FILE" without a name/],
    [{ images: ["Nginx"] }, /^docker: images\[0\]: got "Nginx", wanted .*lower case/],
    [{ containers: { web: { image: "docker-archive:a.tar" } } }, /^docker: containers\.web\.image: .*wanted a name as "nginx:1\.27"/],
    [{ containers: { w: { image: "nginx" } } }, /^docker: containers\.w: /],
    [{ daemon: { hosts: ["tcp://0.0.0.0:2375"] } }, /^docker: daemon\.hosts: got a setting that docker sets itself; wanted socket$/],
    [{ daemon: { bip: "10.1.0.1/24" }, network: { cidr: "10.0.0.0/16" } }, /^docker: daemon\.bip: .*wanted network alone/],
    [{ volumes: [] }, /^docker: volumes: /],
  ];
  for (const [args, message] of ROWS)
    test(String(message), () => assert.throws(() => services(args as Partial<DockerArgs>), { code: "INVALID_DEFINITION", message }));
});

describe("the script that sets Docker up", () => {
  test("loads archives, and pulls what is missing", () => {
    const text = setup({ images: ["docker-archive:app.tar", "ghcr.io/acme/app:1"] });
    assert.match(text, /^docker load --quiet --input \/usr\/share\/docker-images\/0\.tar$/m);
    assert.match(text, /^has 'ghcr\.io\/acme\/app:1' \|\| docker pull --quiet 'ghcr\.io\/acme\/app:1'$/m);
  });

  test("runs a container only where it is not as wanted, and removes those of an earlier definition", () => {
    const args = { containers: { web: { image: "nginx:1.27", options: ["--env", "A=it's $HOME"] }, "web.2": { image: "nginx:1.27" } } };
    // stands for the engine: what the shell makes of the words, and a container that is there
    const engine = (found: string) => `docker() {
  case "$1 $2" in
    "image inspect") echo sha256:1 ;;
    "container inspect") echo '${found}' ;;
    "ps --all") printf 'old\\nweb.2\\n' ;;
    *) printf '<%s>' "$@"; echo ;;
  esac
}
`;
    const run = (found: string): string => spawnSync("sh", ["-c", engine(found) + setup(args)], { encoding: "utf8" }).stdout;
    const first = run("");
    const hash = /<org\.pulumi-linuxkit\.container=([0-9a-f]{16})><--env>/.exec(first)?.[1];
    assert.match(first, /^<rm><--force><old>\n<rm><--force><web>\n<run><--detach><--restart><always><--name><web><--label>/);
    assert.match(first, /<--env><A=it's \$HOME><nginx:1\.27>\n<rm><--force><web\.2>\n/);
    // as the first is wanted, and the second, which has other arguments, is not
    assert.doesNotMatch(run(`sha256:1 ${hash}`), /<--name><web>/);
    assert.match(run(`sha256:1 ${hash}`), /<--name><web\.2>/);
    assert.match(run(`sha256:2 ${hash}`), /<--name><web>/);
  });
});
