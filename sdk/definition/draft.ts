import { failure, throwFailures } from "../core/failure.ts";
import type { Draft } from "./normalise.ts";
import type { Parts } from "./parts.ts";
import type { Service } from "./service.ts";
import type { Volume } from "./volume.ts";

/** The parts as one object under the definition's names. Its leaves may still be Outputs, which `normalise` leaves alone. */
export function draftOf(parts: Parts): Draft {
  const unique = <T extends Service | Volume>(section: "services" | "volumes", list: readonly T[]): object => {
    const twice = list.filter((part, index) => list.findIndex((other) => other.name === part.name) !== index);
    throwFailures(
      twice.map((part) => failure([section, part.name], `two ${section} have this name; to change the existing one, use replace()`)),
    );
    return Object.fromEntries(list.map((part) => [part.name, part.spec]));
  };
  return {
    kernel: parts.kernel,
    init: parts.init,
    onboot: parts.onboot.map(({ name, spec }) => ({ name, ...spec })),
    onshutdown: parts.onshutdown.map(({ name, spec }) => ({ name, ...spec })),
    services: unique("services", parts.services),
    serviceOrder: parts.services.map(({ name }) => name),
    volumes: unique("volumes", parts.volumes),
    files: parts.files.map(({ path, spec }) => ({ path, ...spec })),
    healthPort: parts.healthPort,
    api: parts.api,
    harden: parts.harden,
  } as unknown as Draft;
}
