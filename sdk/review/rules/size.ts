import type { Json } from "../../core/json.ts";
import { BLOCK_BYTES } from "../../upload/block-map.ts";
import { blocksToWrite, decodeBlockList } from "../../upload/block-list.ts";
import type { Rules } from "../rule.ts";

/** Rules on what an operating system takes up. */
export const SIZE_RULES: Rules = {
  segment: { noun: ({ name }) => `segment ${name}`, value: (value) => `${Number(value)} bytes` },
  "segment-unpacked": { noun: ({ name }) => `memory of segment ${name}`, value: (value) => `${Number(value)} bytes` },
  "boot-memory": {
    noun: () => "memory to boot",
    value: (value) => `${Number(value)} MiB`,
    breaks: (before, after) => before !== undefined && after !== undefined && Number(after) > Number(before),
    why: { breaks: "a machine with less does not start" },
  },
  blocks: {
    noun: ({ name }) => `blocks of ${name}`,
    value: (value) => String(decodeBlockList(String(value)).length),
    verb: toUpload,
  },
};

/** What an upload sends where the blocks before are there already: EBS direct APIs, page blobs. */
function toUpload(before: Json, after: Json): string {
  const count = blocksToWrite(decodeBlockList(String(before)), decodeBlockList(String(after))).length;
  return `changed, ${count} to upload (${(count * BLOCK_BYTES) / 2 ** 20} MiB),`;
}
