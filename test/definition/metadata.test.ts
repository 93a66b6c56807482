import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { debian } from "../../sdk/debian/images.ts";
import { Image } from "../../sdk/definition/image.ts";
import { metadataText } from "../../sdk/definition/metadata.ts";
import { Service } from "../../sdk/definition/service.ts";

const service = (args = {}) => new Service("web", { image: debian.packages({ packages: ["nginx-light"], command: ["nginx"] }), ...args });

test("a definition that LinuxKit could have is LinuxKit's YAML", () => {
  const image = Image.fromYaml("services:\n  - name: web\n    image: nginx:1\n");
  assert.equal(metadataText(image.spec, "yaml"), image.toYaml());
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
