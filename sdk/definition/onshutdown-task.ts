import { onshutdownSchema } from "./container.ts";
import { throwFailures } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { containerName } from "./fields.ts";
import { checkName } from "./named-arguments.ts";
import { frozenCopy } from "./inputs.ts";
import type { OnshutdownTaskArgs } from "./service-args.ts";

/** A container that runs when the machine is shut down, in the order of the list, after the services have stopped. */
export class OnshutdownTask {
  /** What tells this class from the others. */
  readonly kind = "onshutdown";
  /** Its name in the definition. */
  readonly name: string;
  /** The arguments as they were given, frozen. */
  readonly spec: OnshutdownTaskArgs;

  /**
   * @param name letters, digits and `_ + - .`; also a user's name for `uid`
   * @throws INVALID_DEFINITION
   */
  constructor(name: string, args: OnshutdownTaskArgs) {
    checkName("OnshutdownTask", "name", name);
    throwFailures([...failuresOf(containerName, name, ["onshutdown", name]), ...failuresOf(onshutdownSchema, args, ["onshutdown", name])]);
    this.name = name;
    this.spec = frozenCopy(args);
  }
}
