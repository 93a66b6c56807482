import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sizeOf } from "../../providers/azure/size.ts";

const TRUSTED = "trusted launch";
const NVME = "NVMe only";
const OLD = "generation 1";

/** Sizes, and what Microsoft Learn says of their series. */
const SIZES: readonly (readonly [size: string, ...traits: string[]])[] = [
  ["Standard_B2s", TRUSTED],
  ["Standard_B1ls", TRUSTED],
  ["Standard_B2ats_v2", TRUSTED],
  ["Standard_B2pts_v2", "arm64"],
  ["Standard_D2s_v3", TRUSTED],
  ["Standard_DS2_v2", TRUSTED],
  ["Standard_D2_v2", OLD],
  ["Standard_D2_v3", OLD],
  ["Standard_D2_v4", TRUSTED],
  ["Standard_D4ads_v5", TRUSTED],
  ["Standard_D2ps_v5", "arm64"],
  ["Standard_D2pds_v5", "arm64"],
  ["Standard_D2pls_v5", "arm64"],
  ["Standard_D2plds_v5", "arm64"],
  ["standard_d2ps_v5", "arm64"],
  ["Standard_E2ps_v5", "arm64"],
  ["Standard_D2ps_v6", "arm64", TRUSTED, NVME],
  ["Standard_E4pds_v6", "arm64", TRUSTED, NVME],
  ["Standard_D2als_v6", TRUSTED, NVME],
  ["Standard_D2ds_v7", TRUSTED, NVME],
  ["Standard_F4as_v6", TRUSTED, NVME],
  ["Standard_E96-24ads_v5", TRUSTED],
  ["Standard_M64"],
  ["Standard_M8-2ms"],
  ["Standard_M12s_v3"],
  ["Standard_DC2as_v5"],
  ["Standard_DC2s_v3", TRUSTED],
  ["Standard_EC2es_v6"],
  ["Standard_ND96amsr_A100_v4"],
  ["Standard_NC4as_T4_v3", TRUSTED],
  ["Standard_NC6", OLD],
  ["Standard_NP10s", OLD],
  ["Standard_A2_v2", OLD],
];

describe("a machine size on Azure", () => {
  for (const [size, ...traits] of SIZES)
    test(`${size} has ${traits.join(", ") || "none of the traits"}`, () => {
      const found = sizeOf(size);
      assert.deepEqual(
        found && [
          ...(found.arch === "arm64" ? ["arm64"] : []),
          ...(found.generation2 ? [] : [OLD]),
          ...(found.trustedLaunch ? [TRUSTED] : []),
          ...(found.nvmeOnly ? [NVME] : []),
        ],
        traits,
      );
    });

  test("of another form is not known", () => {
    for (const name of ["t3.micro", "Standard", "Standard_", "Basic_A1"]) assert.equal(sizeOf(name), undefined);
  });
});
