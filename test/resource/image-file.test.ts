import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseFile } from "../../sdk/machine/image-file.ts";

const FILES = {
  vhd: { role: "image", name: "os.vhd", size: 1, sha256: "1", blocks: "v" },
  aws: { role: "image", name: "os.raw", size: 1, sha256: "2", blocks: "r" },
  gcp: { role: "image", name: "os.img.tar.gz", size: 1, sha256: "3" },
  dynamic: { role: "image", name: "os.vhd", size: 1, sha256: "4" },
  sbom: { role: "sbom", name: "os.raw", size: 1, sha256: "5", blocks: "x" },
};

describe("what a cloud takes of a build", () => {
  const rows: [format: Parameters<typeof chooseFile>[2], files: (keyof typeof FILES)[], wanted?: string][] = [
    ["aws", ["vhd", "aws", "gcp"], "os.raw"],
    ["vhd", ["aws", "vhd"], "os.vhd"],
    ["gcp", ["aws", "vhd", "gcp"], "os.img.tar.gz"],
    ["vhd", ["dynamic"]],
    ["aws", ["vhd", "gcp", "sbom"]],
    ["gcp", []],
  ];
  for (const [format, names, wanted] of rows) {
    test(`${format} of ${names.join(", ") || "nothing"}`, () => {
      const choose = () =>
        chooseFile(
          "web",
          names.map((name) => FILES[name]),
          format,
        ).name;
      if (wanted) assert.equal(choose(), wanted);
      else
        assert.throws(choose, {
          code: "INVALID_DEFINITION",
          message: `web: got a build of another format, wanted one with the format ${format}`,
        });
    });
  }
});
