import { serviceSchema } from "./container.ts";
import { throwFailures } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { containerName } from "./fields.ts";
import { checkName } from "./named-arguments.ts";
import { frozenCopy } from "./inputs.ts";
import type { ServiceArgs } from "./service-args.ts";

/**
 * A container that runs as long as the machine does, started once every onboot task has ended. It is locked down by default: a
 * read-only root, no capability, no new privileges, its own process, IPC, host name and control group namespaces, and a
 * network that only opens the port of its health check and allows no connection out. Its arguments allow more.
 */
export class Service {
  /** What tells this class from the others. */
  readonly kind = "service";
  /** Its name in the definition. */
  readonly name: string;
  /** The arguments as they were given, frozen. */
  readonly spec: ServiceArgs;

  /**
   * @param name letters, digits and `_ + - .`; unique among the services, also a user's name for `uid`
   * @throws INVALID_DEFINITION
   */
  constructor(name: string, args: ServiceArgs) {
    checkName("Service", "name", name);
    throwFailures([...failuresOf(containerName, name, ["services", name]), ...failuresOf(serviceSchema, args, ["services", name])]);
    this.name = name;
    this.spec = frozenCopy(args);
  }
}
