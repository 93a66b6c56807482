import { LinuxKitError } from "../core/errors.ts";
import type { KnownReferences } from "./secret-references.ts";

/** How the key of a tag begins that says where a secret of a service is: `linuxkit.secret.SERVICE.NAME`. */
const PREFIX = "linuxkit.secret.";

/** Most letters of a key, of which AWS takes the fewest. */
const KEY_LIMIT = 128;

/** The tags of a machine that tell its task `debian.secrets` which secret is whose. @throws INVALID_DEFINITION for names that a key cannot have */
export function secretTags(what: string, references: KnownReferences): Record<string, string> {
  const pairs = Object.entries(references).flatMap(([service, named]) =>
    Object.entries(named).map(([name, reference]) => ({ service, name, reference })),
  );
  return Object.fromEntries(
    pairs.map(({ service, name, reference }) => {
      const key = `${PREFIX}${service}.${name}`;
      const problem = service.includes(".")
        ? `a service's name without "."`
        : key.length > KEY_LIMIT
          ? `at most ${KEY_LIMIT - PREFIX.length - 1} letters for both names`
          : undefined;
      if (problem)
        throw new LinuxKitError(
          "INVALID_DEFINITION",
          `${what}: secrets.${service}.${name}: its tag would be ${JSON.stringify(key)}, wanted ${problem}`,
          { path: `secrets.${service}.${name}` },
        );
      return [key, reference];
    }),
  );
}
