import { onbootSchema } from "./container.ts";
import { throwFailures } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { containerName } from "./fields.ts";
import { checkName } from "./named-arguments.ts";
import { frozenCopy } from "./inputs.ts";
import type { OnbootTaskArgs } from "./service-args.ts";

/**
 * A container that runs at boot, in the order of the list, each after the one before has ended. One that fails stops the boot,
 * unless it is `optional`.
 */
export class OnbootTask {
  /** What tells this class from the others. */
  readonly kind = "onboot";
  /** Its name in the definition. */
  readonly name: string;
  /** The arguments as they were given, frozen. */
  readonly spec: OnbootTaskArgs;

  /**
   * @param name letters, digits and `_ + - .`; also a user's name for `uid`
   * @throws INVALID_DEFINITION
   */
  constructor(name: string, args: OnbootTaskArgs) {
    checkName("OnbootTask", "name", name);
    throwFailures([...failuresOf(containerName, name, ["onboot", name]), ...failuresOf(onbootSchema, args, ["onboot", name])]);
    this.name = name;
    this.spec = frozenCopy(args);
  }
}
