import { COMMAND_LINE_RULES } from "./rules/command-line.ts";
import { CONTAINER_RULES } from "./rules/container.ts";
import { IMAGE_RULES } from "./rules/image.ts";
import { LIMIT_RULES } from "./rules/limits.ts";
import { MACHINE_RULES } from "./rules/machine.ts";
import { NETWORK_RULES } from "./rules/network.ts";
import { SIZE_RULES } from "./rules/size.ts";
import { TREE_RULES } from "./rules/tree.ts";
import type { Rules } from "./rule.ts";

/** Every rule by name. A fact names its rule. */
export const REVIEW_RULES: Rules = Object.freeze({
  ...CONTAINER_RULES,
  ...NETWORK_RULES,
  ...LIMIT_RULES,
  ...IMAGE_RULES,
  ...MACHINE_RULES,
  ...COMMAND_LINE_RULES,
  ...TREE_RULES,
  ...SIZE_RULES,
});
