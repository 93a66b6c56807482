import { ENGINE_RULES } from "./rules/engine.ts";
import { HOST_RULES } from "./rules/host.ts";
import { IMAGE_RULES } from "./rules/images.ts";
import { ISOLATION_RULES } from "./rules/isolation.ts";
import { PRIVILEGE_RULES } from "./rules/privilege.ts";
import { SECRET_RULES } from "./rules/secrets.ts";
import type { Rules } from "./rule.ts";

/** Every rule by name, in the order of the guide's sections. */
export const RULES: Rules = Object.freeze({
  ...SECRET_RULES,
  ...IMAGE_RULES,
  ...ISOLATION_RULES,
  ...ENGINE_RULES,
  ...PRIVILEGE_RULES,
  ...HOST_RULES,
});

/** The rules' names. */
export const RULE_NAMES: readonly string[] = Object.keys(RULES);
