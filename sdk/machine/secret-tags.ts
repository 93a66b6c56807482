import type { Output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../core/errors.ts";
import type { Definition } from "../definition/definition.ts";
import { type KnownReferences, type ReferenceForm, type SecretReferences, secretReferences } from "./secret-references.ts";

/** What the key of a secret's tag starts with: `linuxkit.secret.SERVICE.NAME`. The value is the reference. */
const PREFIX = "linuxkit.secret.";

/** Characters of a key at most. AWS has the lowest limit of the clouds. */
const KEY_LIMIT = 128;

/** The tags of a machine's secret references, checked against its definition; empty where the program gives no `secrets`. */
export function secretTagsOf(
  name: string,
  secrets: SecretReferences | undefined,
  definition: Definition | undefined,
  form: ReferenceForm,
): Output<Record<string, string>>[] {
  if (secrets === undefined) return [];
  const what = `"${name}"`;
  return [secretReferences(what, secrets, definition, form).apply((references) => secretTags(what, references))];
}

/** The tags from which a machine's task `debian.secrets` learns where each secret is. @throws INVALID_DEFINITION for names that do not fit in a key */
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
          ? `at most ${KEY_LIMIT - PREFIX.length - 1} characters for both names`
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
