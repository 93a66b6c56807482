import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DebianImage } from "../../sdk/definition/debian-image.ts";
import { audit, debian, docker, type DockerArgs, Image, OnbootTask, Service, Volume } from "../../sdk/index.ts";

const data = new Volume("docker", { persistent: { serial: "docker" } });
const services = (args: Partial<DockerArgs> = {}) => docker({ data, ...args });
const fileOf = (args: Partial<DockerArgs>, name: string): string => {
  const image = services(args)[0]?.spec.image as DebianImage | undefined;
  return image?.debian.files.find(({ path }) => path.endsWith(`/${name}`))?.contents ?? assert.fail(`no file ${name}`);
};

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

describe("what an engine is given", () => {
  const content = (args: Partial<DockerArgs>) => JSON.parse(fileOf(args, "docker-content.json"));

  test("archives are loaded by their path in the image, other images pulled", () => {
    const { archives, images, containers } = content({ images: ["docker-archive:app.tar", "ghcr.io/acme/app:1"] });
    assert.deepEqual(
      { archives, images, containers },
      { archives: ["/usr/share/docker-images/0.tar"], images: ["ghcr.io/acme/app:1"], containers: [] },
    );
  });

  test("words of a container stay as they are", () => {
    const options = ["--env", "A=it's $HOME"];
    const { containers } = content({ containers: { web: { image: "nginx:1.27", options }, "web.2": { image: "nginx:1.27" } } });
    assert.deepEqual(containers, [
      { name: "web", image: "nginx:1.27", hash: containers[0].hash, options, command: [] },
      { name: "web.2", image: "nginx:1.27", hash: containers[1].hash, options: [], command: [] },
    ]);
  });

  test("a container's hash changes with its options and its command, and with nothing else", () => {
    const hashOf = (fields: object) => content({ containers: { web: { image: "nginx:1", ...fields } } }).containers[0].hash;
    const hashes = [{}, { options: ["a"] }, { command: ["a"] }, { options: ["a", "b"] }, { options: ["a b"] }].map(hashOf);
    assert.equal(new Set(hashes).size, hashes.length);
    for (const hash of hashes) assert.match(hash, /^[0-9a-f]{16}$/);
    assert.equal(hashOf({ image: "nginx:2" }), hashes[0]);
  });

  test("there is no shell in the image", () => {
    const image = services({ images: ["nginx:1.27"] })[0]?.spec.image as DebianImage;
    assert.ok(!image.debian.packages.includes("busybox-static"));
    for (const { contents = "" } of image.debian.files) assert.doesNotMatch(String(contents), /^#!/);
  });
});
