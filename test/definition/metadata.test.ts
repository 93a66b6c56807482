import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf, hexOf } from "../../sdk/core/digest.ts";
import { Image } from "../../sdk/definition/image.ts";
import { metadataText } from "../../sdk/definition/metadata.ts";
import { Service } from "../../sdk/definition/service.ts";
import { expandReference } from "../../sdk/oci/reference.ts";
import { treeOf, yamlOf } from "../support/conformance.ts";

test("metadata: yaml is byte for byte what LinuxKit writes", () => {
  const { spec } = Image.fromYaml(yamlOf("accepted", "files-metadata"));
  const text = metadataText(spec, "yaml", expandReference);
  assert.equal(hexOf(digestOf(text)), treeOf("files-metadata")["etc/linuxkit.yml"]?.sha256);
});

test("metadata: json holds the same, and no secret's value", () => {
  const { spec } = new Image({ services: [new Service("web", { image: "nginx", secrets: { key: "hunter2" } })] });
  for (const form of ["json", "yaml"] as const) assert.ok(!metadataText(spec, form, expandReference).includes("hunter2"));
  assert.deepEqual(JSON.parse(metadataText(spec, "json", expandReference)).services, [{ name: "web", image: "docker.io/library/nginx", secrets: ["key"] }]);
});
