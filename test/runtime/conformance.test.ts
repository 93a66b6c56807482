import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Image } from "../../sdk/definition/image.ts";
import { bundles } from "../../sdk/runtime/bundle.ts";
import { cases, imageConfigOf, treeOf, yamlOf } from "../support/conformance.ts";

describe("config.json and runtime.json are LinuxKit's", () => {
  for (const name of cases("accepted")) {
    test(name, () => {
      const image = Image.fromYaml(yamlOf("accepted", name));
      const made = bundles(image.spec, imageConfigOf, "amd64");
      const got = Object.fromEntries(
        made.flatMap((bundle) => [
          [`${bundle.path}/config.json`, JSON.parse(bundle.config)],
          [`${bundle.path}/runtime.json`, JSON.parse(bundle.runtime)],
        ]),
      );
      const tree = treeOf(name);
      const wanted = Object.fromEntries(Object.entries(tree).flatMap(([path, { json }]) => (json ? [[path, json]] : [])));
      assert.deepEqual(got, wanted);
      // the folders of unpacked images, and the other folders of each bundle
      for (const bundle of made) {
        assert.equal(tree[`${bundle.tree}/dev`]?.type, "dir", `${bundle.tree} has the image`);
        if (!bundle.unpacks) assert.equal(tree[`${bundle.path}/lower`], undefined);
        for (const directory of bundle.directories) assert.equal(tree[directory]?.type, "dir");
        const inside = Object.keys(tree).filter(
          (path) => path.startsWith(`${bundle.path}/`) && !path.slice(bundle.path.length + 1).includes("/"),
        );
        const known = [
          ...bundle.directories,
          ...(bundle.unpacks ? [bundle.tree] : []),
          `${bundle.path}/config.json`,
          `${bundle.path}/runtime.json`,
        ];
        assert.deepEqual(inside.sort(), [...new Set(known)].sort());
      }
    });
  }
});
