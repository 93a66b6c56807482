import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeAuthority } from "../../sdk/api/certificate.ts";
import { Service } from "../../sdk/index.ts";

const CA = makeAuthority("test", 1).certificate;
const KEY = makeAuthority("test", 1).issue({ name: "x", use: "server" }).key;
const NO_CERTIFICATE = 'wanted a certificate as PEM, from "-----BEGIN CERTIFICATE-----" on';
const NO_KEY = "wanted certificates without a private key: give the key as a secret of the service that needs it";

const authority = (ca: string) => new Service("web", { image: "nginx", health: { https: { port: 443, ca } } });

describe("the authority of a check over TLS", () => {
  test("is one certificate or several, with text between them", () => {
    for (const ca of [CA, `# ours\n${CA}\n# the next\n${makeAuthority("next", 1).certificate}`])
      assert.equal(authority(ca).spec.health?.https?.ca, ca);
  });

  for (const [name, ca, wanted] of [
    ["a path", "/etc/ca.pem", `got "/etc/ca.pem", ${NO_CERTIFICATE}`],
    ["a certificate that is cut", CA.slice(0, 100), NO_CERTIFICATE],
    ["what is no certificate", CA.replace(/MI.{20}/, "AAAA"), NO_CERTIFICATE],
    ["another kind of PEM", CA.replaceAll("CERTIFICATE", "PUBLIC KEY"), NO_CERTIFICATE],
    ["a private key", KEY, `got a private key, ${NO_KEY}`],
    ["a private key beside it", `${CA}${KEY}`, `got a private key, ${NO_KEY}`],
    ["more than the guest reads", CA.repeat(200), "wanted at most 65536 bytes"],
  ] as const) {
    test(`is not ${name}`, () => {
      assert.throws(
        () => authority(ca),
        ({ message }: Error) => {
          assert.ok(message.startsWith("services.web.health.https.ca: ") && message.endsWith(wanted), message);
          return true;
        },
      );
    });
  }
});
