import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { signalNumber } from "../../sdk/definition/signal.ts";
import { Image } from "../../sdk/definition/image.ts";
import { Service } from "../../sdk/definition/service.ts";
import type { ServiceArgs } from "../../sdk/definition/service-args.ts";
import type { ImageAccounts, ImageConfig } from "../../sdk/oci/image-config.ts";
import { bundles } from "../../sdk/runtime/bundle.ts";
import { readsAccounts } from "../../sdk/runtime/process-user.ts";

const ACCOUNTS: ImageAccounts = {
  users: [
    { name: "root", uid: 0, gid: 0 },
    { name: "nobody", uid: 65534, gid: 65534 },
    { name: "app", uid: 1000, gid: 1001 },
    { name: "1000", uid: 7, gid: 8 },
  ],
  groups: [
    { name: "web", gid: 33, members: ["app", "nobody"] },
    { name: "adm", gid: 4, members: ["root", "app"] },
  ],
};
const PLAIN: ImageConfig = { entrypoint: ["/x"], cmd: [], env: [], workingDir: "", user: "", stopSignal: "", label: {} };

function bundleOf(image: Partial<ImageConfig>, fields: Partial<ServiceArgs> = {}) {
  const config = { ...PLAIN, accounts: ACCOUNTS, ...image };
  const services = [new Service("app", { image: "x", ...fields }), new Service("other", { image: "y" })];
  const [bundle] = bundles(new Image({ services }).spec, (source) => (source === "x" ? config : PLAIN), "amd64");
  assert.ok(bundle);
  return bundle;
}
const userOf = (...given: Parameters<typeof bundleOf>) => {
  const { config, uid, gid } = bundleOf(...given);
  const { user } = JSON.parse(config).process;
  assert.deepEqual([user.uid, user.gid], [uid, gid]);
  return [user.uid, user.gid, ...(user.additionalGids ?? [])];
};

describe("an image's USER", () => {
  for (const [user, ...wanted] of [
    ["", 0, 0],
    ["root", 0, 0],
    ["0", 0, 0],
    ["app", 1000, 1001, 33, 4],
    ["nobody", 65534, 65534, 33],
    // a name comes before a number
    ["1000", 7, 8],
    ["65534", 65534, 65534, 33],
    ["5000", 5000, 0],
    ["app:web", 1000, 33],
    ["app:7", 1000, 7],
    ["5000:web", 5000, 33],
    ["5000:6000", 5000, 6000],
    [":web", 0, 33],
    ["app:", 1000, 1001, 33, 4],
    ["4294967294:4294967294", 4294967294, 4294967294],
  ] as const) {
    test(`${JSON.stringify(user)} is ${wanted.join(" ")}`, () => assert.deepEqual(userOf({ user }), wanted));
  }
  for (const [user, message] of [
    ["ghost", 'services.app.image: its USER "ghost" names the user "ghost", which its /etc/passwd does not have: set uid and gid'],
    ["app:ghost", 'services.app.image: its USER "app:ghost" names the group "ghost", which its /etc/group does not have: set uid and gid'],
    [
      "4294967295",
      'services.app.image: its USER "4294967295" names the user "4294967295", which its /etc/passwd does not have: set uid and gid',
    ],
  ] as const) {
    test(`${user} is refused`, () => assert.throws(() => userOf({ user }), { code: "INVALID_DEFINITION", message }));
  }
  test("comes after the definition and the label, with its groups", () => {
    assert.deepEqual(userOf({ user: "app" }, { uid: 5 }), [5, 0]);
    assert.deepEqual(userOf({ user: "app" }, { uid: 0 }), [0, 0]);
    assert.deepEqual(userOf({ user: "app" }, { gid: 5 }), [1000, 5, 33, 4]);
    assert.deepEqual(userOf({ user: "app" }, { additionalGids: [9] }), [1000, 1001, 9]);
    assert.deepEqual(userOf({ user: "app", label: { uid: 6 } }), [6, 0]);
    assert.deepEqual(userOf({ user: "app", label: { uid: "nobody", gid: "web" } }), [65534, 33]);
    assert.deepEqual(userOf({ label: { uid: "nobody" } }, { label: "allow" }), [65534, 0]);
  });
  test("a label names no other container's user, except by the definition's word", () => {
    assert.throws(() => userOf({ label: { uid: "other" } }), {
      message: 'services.app.image: its label has uid "other", which its /etc/passwd does not have: set uid',
    });
    assert.deepEqual(userOf({ label: { uid: "other" } }, { label: "allow" }), [101, 0]);
  });
  test("has no effect in LinuxKit's sandbox", () => assert.deepEqual(userOf({ user: "app" }, { sandbox: "linuxkit" }), [0, 0]));
  test("beyond the users of a private namespace is refused", () =>
    assert.throws(
      () => userOf({ user: "70000:70000" }, { userns: "private" }),
      /services\.app\.userns: the process has user or group id 70000/,
    ));
  test("owns the tmpfs of its container", () => {
    const { mounts } = JSON.parse(bundleOf({ user: "app" }, { tmpfs: ["/tmp"] }).config);
    const { options } = mounts.find(({ destination }: { destination: string }) => destination === "/tmp");
    assert.ok(options.includes("uid=1000") && options.includes("gid=1001"));
  });
});

test("an image's own files are read only where a user is looked up there", () => {
  const reads = (image: Partial<ImageConfig>, fields: object = {}) =>
    readsAccounts({ image: "x", ...fields } as Parameters<typeof readsAccounts>[0], { ...PLAIN, ...image });
  for (const user of ["app", "1000", "app:web", "5:web", ":web"]) assert.ok(reads({ user }), user);
  for (const user of ["", "root", "0", "5:6"]) assert.ok(!reads({ user }), user);
  assert.ok(!reads({ user: "app" }, { uid: 0 }));
  assert.ok(!reads({ user: "app" }, { sandbox: "linuxkit" }));
  assert.ok(!reads({ user: "app", label: { uid: 5 } }));
  assert.ok(reads({ label: { uid: "app" } }) && reads({ label: { gid: "web" } }));
  assert.ok(!reads({ label: { uid: "app", gid: "web" } }, { uid: 1, gid: 1 }));
});

describe("the signal that ends a service", () => {
  const signalOf = (...given: Parameters<typeof bundleOf>) => bundleOf(...given).stopSignal;
  test("is the definition's, else the image's, else SIGTERM", () => {
    assert.equal(signalOf({}), 15);
    assert.equal(signalOf({ stopSignal: "SIGQUIT" }), 3);
    assert.equal(signalOf({ stopSignal: "SIGQUIT" }, { stopSignal: "INT" }), 2);
    assert.equal(signalOf({ stopSignal: "SIGQUIT" }, { stopSignal: 10 }), 10);
    assert.equal(signalOf({ stopSignal: "SIGQUIT" }, { sandbox: "linuxkit" }), 15);
    assert.equal(signalOf({ stopSignal: "SIGQUIT" }, { sandbox: "linuxkit", stopSignal: "HUP" }), 1);
  });
  test("of an image that is none is refused", () =>
    assert.throws(() => signalOf({ stopSignal: "SIGNO" }), {
      code: "INVALID_DEFINITION",
      message: 'services.app.image: its STOPSIGNAL "SIGNO" is not a signal of Linux: set stopSignal',
    }));
  for (const [text, number] of Object.entries({
    SIGHUP: 1,
    sigquit: 3,
    WINCH: 28,
    "37": 37,
    SIGRTMIN: 34,
    "SIGRTMIN+3": 37,
    "RTMAX-1": 63,
    SIGRTMAX: 64,
    SIGIOT: 6,
    SIGSYS: 31,
  })) {
    test(`${text} is ${number}`, () => assert.equal(signalNumber(text), number));
  }
  for (const text of ["", "SIG", "0", "65", "SIGRTMIN-1", "SIGRTMAX+1", "SIGRTMIN+31", "TERM ; x", "1e1"])
    test(`${JSON.stringify(text)} is none`, () => assert.equal(signalNumber(text), undefined));
  test("of the definition is checked there", () => {
    for (const stopSignal of ["SIGNO", 0, 65, 1.5])
      assert.throws(() => new Service("app", { image: "x", stopSignal }), {
        message: /^services\.app\.stopSignal: got .*, wanted the name of a signal as "SIGQUIT", or its number from 1 to 64$/,
      });
  });
});
