import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import { debian } from "../../sdk/debian/images.ts";
import { Image } from "../../sdk/definition/image.ts";
import { metadataText } from "../../sdk/definition/metadata.ts";
import { Service } from "../../sdk/definition/service.ts";
import { expandReference } from "../../sdk/oci/reference.ts";
import { cases, treeOf, yamlOf } from "../support/conformance.ts";

const service = (args = {}) => new Service("web", { image: debian.packages({ packages: ["nginx-light"], command: ["nginx"] }), ...args });

test("of a definition that LinuxKit could have it is LinuxKit's, byte for byte", () => {
  const { spec } = Image.fromYaml(yamlOf("accepted", "files-metadata"));
  assert.equal(hexOf(digestOf(metadataText(spec, "yaml", expandReference))), treeOf("files-metadata")["etc/linuxkit.yml"]?.sha256);
});

describe("it can be read again, and says the same", () => {
  for (const name of cases("accepted")) {
    test(name, () => {
      const { spec } = Image.fromYaml(yamlOf("accepted", name));
      assert.deepEqual(Image.fromYaml(metadataText(spec, "yaml")).spec, spec);
    });
  }
});

test("any other is there under its own names", () => {
  const image = new Image({ services: [service({ restart: "always" })] });
  assert.equal(parse(metadataText(image.spec, "yaml")).services.web.restart, "always");
  assert.equal(JSON.parse(metadataText(image.spec, "json")).services.web.restart, "always");
});

test("the values of secrets are in neither", () => {
  const image = new Image({ services: [service({ secrets: { key: "hunter2" } })] });
  for (const kind of ["yaml", "json"] as const) {
    assert.ok(!metadataText(image.spec, kind).includes("hunter2"));
    assert.ok(metadataText(image.spec, kind).includes("key"));
  }
});
