import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Fleet, type FleetArgs, Machine, type MachineArgs, MachineImage, type MachineImageArgs } from "../../providers/gcp/index.ts";
import { Image, ImageBuild, Kernel } from "../../sdk/index.ts";
import { assertRefused, registeredBy } from "../support/mocked-program.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

const OS = new Image({ kernel: new Kernel({ image: "example.com/kernel:1" }), init: ["example.com/init:1"], healthPort: 8080 });
const common = { image: OS, instanceType: "e2-small" };
const [mine, other] = [makeKeyPair(), makeKeyPair()];
const keys = (certificate: string) => ({ pk: certificate, keks: [certificate], dbs: [certificate] });
const signed = () => new ImageBuild("os", { image: OS, format: "gcp", secureBoot: mine });

const image =
  (args: Partial<MachineImageArgs>, name = "web") =>
  () =>
    new MachineImage(name, { image: OS, ...args });
const machine =
  (args: Partial<MachineArgs>, name = "web") =>
  () =>
    new Machine(name, { ...common, ...args });
const fleet =
  (args: Partial<FleetArgs>, name = "web") =>
  () =>
    new Fleet(name, { ...common, count: 3, ...args });
const LETTERS = "at most 42 lower-case letters, digits or -, a letter first: Google Cloud's names begin with it";

/** Programs that Google Cloud would refuse after the upload, and what is wrong with each. */
const PROGRAMS: readonly (readonly [what: string, program: () => unknown, message: string])[] = [
  ["a name with an underscore", machine({}, "my_web"), `"my_web": name: got another character, wanted ${LETTERS}`],
  ["the name of a machine with a capital", machine({}, "Web"), `"Web": name: got another character, wanted ${LETTERS}`],
  ["the name of a fleet with a capital", fleet({}, "webServer"), `"webServer": name: got another character, wanted ${LETTERS}`],
  ["the name of an image with a capital", image({}, "OS"), `"OS": name: got another character, wanted ${LETTERS}`],
  ["a name that begins with a digit", fleet({}, "1web"), `"1web": name: got another character, wanted ${LETTERS}`],
  ["a name that ends with a hyphen", image({}, "web-"), `"web-": name: got another character, wanted ${LETTERS}`],
  ["a long name", fleet({}, "w".repeat(43)), `"${"w".repeat(43)}": name: got 43 characters, wanted ${LETTERS}`],
  [
    "an arm64 image on an amd64 type",
    machine({ arch: "arm64" }),
    "web: instanceType: got e2-small, which is of amd64, wanted a type of arm64, the image's architecture",
  ],
  [
    "an amd64 image on an arm64 type",
    fleet({ instanceType: "c4a-standard-1" }),
    "web: instanceType: got c4a-standard-1, which is of arm64, wanted a type of amd64, the image's architecture",
  ],
  [
    "keys for a build that is not signed",
    machine({ secureBootKeys: keys(mine.certificate) }),
    'web-image: secureBootKeys: got keys for a build that is not signed, which would never start, wanted build: new ImageBuild(…, { format: "gcp", secureBoot: { key, certificate } })',
  ],
  [
    "keys that have not signed the build",
    image({ image: undefined, build: signed(), secureBootKeys: keys(other.certificate) }),
    "web: secureBootKeys.dbs: got no certificate that signed the build, wanted the certificate of its secureBoot among them",
  ],
  [
    "Secure Boot without a signature",
    machine({ shielded: { secureBoot: true } }),
    "web: shielded.secureBoot: got true for a build that is not signed, which would never start, wanted secureBootKeys, and a build with secureBoot",
  ],
  [
    "integrity monitoring without a TPM",
    fleet({ shielded: { tpm: false, integrityMonitoring: true } }),
    "web: shielded.integrityMonitoring: got true without a TPM, wanted shielded.tpm: true too",
  ],
  ["user data of more than 256 KiB", machine({ userData: "x".repeat(262145) }), "web: userData: got 262145 bytes, wanted at most 262144"],
  [
    "a network tag with capitals",
    fleet({ networkTags: ["web", "Db"] }),
    'web: networkTags[1]: got "Db", wanted at most 63 lower-case letters, digits or -, a letter first',
  ],
  [
    "65 network tags",
    machine({ networkTags: Array.from({ length: 65 }, (_, index) => `t${index}`) }),
    "web: networkTags: got 65 tags, wanted at most 64",
  ],
  ["the name of a service account", machine({ serviceAccount: "web" }), 'web: serviceAccount: got "web", wanted an e-mail address'],
  ["a boot disk of 5 GiB", machine({ bootDisk: { sizeGiB: 5 } }), "web: bootDisk.sizeGiB: got 5, wanted a whole number of at least 10"],
  [
    "a bucket with its scheme",
    image({ bucket: "gs://images" }),
    'web: bucket: got "gs://images", wanted a bucket\'s name of 3 to 222 characters, without gs://',
  ],
  ["a surge below the zones", fleet({ maxSurge: 2 }), "web: maxSurge: got 2, wanted 0, or at least 3, the number of zones"],
  [
    "a surge below the zones that are given",
    fleet({ maxSurge: 1, zones: ["a", "b"] }),
    "web: maxSurge: got 1, wanted 0, or at least 2, the number of zones",
  ],
  [
    "fewer missing machines than zones",
    fleet({ maxUnavailable: 1 }),
    "web: maxUnavailable: got 1, wanted 0, or at least 3, the number of zones",
  ],
  ["both limits 0", fleet({ maxSurge: 0 }), "web: maxSurge: got 0, as maxUnavailable is, wanted one of them above 0"],
  [
    "a grace period of more than an hour",
    fleet({ healthCheckGracePeriod: 3601 }),
    "web: healthCheckGracePeriod: got 3601, wanted a whole number from 0 to 3600",
  ],
  ["a negative number of machines", fleet({ count: -1 }), "web: count: got -1, wanted a whole number of at least 0"],
  ["a port of 0", fleet({ healthPort: 0 }), "web: healthPort: got 0, wanted a whole number from 1 to 65535"],
  ["a health path without a slash", fleet({ healthPath: "healthz" }), 'web: healthPath: got "healthz", wanted a path that begins with /'],
  ["no time to stall", fleet({ stallSeconds: 0 }), "web: stallSeconds: got 0, wanted a whole number of at least 1"],
  [
    "a volume with a long name",
    machine({ volumes: { ["d".repeat(26)]: { sizeGiB: 10 } } }, "w".repeat(29)),
    `machine "${"w".repeat(29)}": volumes.${"d".repeat(26)}: got 56 characters with the machine's name, wanted at most 55: the disk's name has both`,
  ],
  [
    "a volume that the image does not have",
    machine({ volumes: { data: { sizeGiB: 10 } } }),
    'machine "web": volumes.data: no volume of the image has persistent: { serial: "data" }',
  ],
];

describe("a program for Google Cloud is refused before anything is created:", () => {
  for (const [what, program, message] of PROGRAMS) test(what, () => assertRefused("Gcp", program, message));

  test("nothing, where the program is right: its upload is registered", async () => {
    const found = await registeredBy(fleet({}), "web-gate");
    assert.equal(found.get("web-image-upload")?.type, "linuxkit:index:GcpUpload");
    assert.equal(found.get("web-group")?.inputs.baseInstanceName, "web");
  });
});
