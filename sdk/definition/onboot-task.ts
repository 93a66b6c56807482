import type { z } from "zod";
import { onbootSchema } from "./container.ts";
import { throwFailures } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { containerName } from "./fields.ts";
import { frozenCopy, type Inputs } from "./inputs.ts";

/** Arguments of {@link OnbootTask}. */
export type OnbootTaskArgs = Inputs<z.input<typeof onbootSchema>>;

/** A container that runs at boot, in the order of the list, each after the one before has ended. One that fails stops the boot, unless it is `optional`. */
export class OnbootTask {
  readonly kind = "onboot";
  readonly name: string;
  /** The arguments as they were given, frozen. */
  readonly spec: OnbootTaskArgs;

  /**
   * @param name letters, digits and `_ + - .`; also a user's name for `uid`
   * @throws INVALID_DEFINITION
   */
  constructor(name: string, args: OnbootTaskArgs) {
    throwFailures([...failuresOf(containerName, name, ["onboot", name]), ...failuresOf(onbootSchema, args, ["onboot", name])]);
    this.name = name;
    this.spec = frozenCopy(args);
  }
}
