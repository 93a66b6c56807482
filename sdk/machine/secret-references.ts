import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../core/errors.ts";
import type { Definition } from "../definition/definition.ts";
import { didYouMean } from "../core/suggest.ts";

/** By service, then by the secret's name: where its cloud keeps it. No value is among them. */
export type SecretReferences = Input<Readonly<Record<string, Input<Readonly<Record<string, Input<string>>>>>>>;

/** {@link SecretReferences} when all of them are known. */
export type KnownReferences = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What a cloud takes as a reference. */
export interface ReferenceForm {
  readonly pattern: RegExp;
  /** As the noun phrase after "wanted". */
  readonly wanted: string;
}

/**
 * What a program says of where secrets are, checked by {@link checkReferences}.
 *
 * @param what names the machine in errors
 * @param definition of the machine's operating system; nothing where only a file of it is known
 */
export function secretReferences(
  what: string,
  references: SecretReferences,
  definition: Definition | undefined,
  form: ReferenceForm,
): Output<KnownReferences> {
  const named =
    definition &&
    Object.fromEntries(
      Object.entries(definition.services).map(([service, { secrets }]) => [
        service,
        output(secrets ?? {}).apply((values) => Object.keys(values)),
      ]),
    );
  return output({ references, named }).apply((all) => {
    const known = all as unknown as { references: KnownReferences; named?: Readonly<Record<string, readonly string[]>> };
    checkReferences(what, known.references, known.named, form);
    return known.references;
  });
}

/**
 * @param declared by service, the names of its secrets; nothing where the definition is not known
 * @throws INVALID_DEFINITION for a service that there is not, a secret that it does not name, a reference of another form, which is not shown since it may be the secret itself
 */
export function checkReferences(
  what: string,
  references: KnownReferences,
  declared: Readonly<Record<string, readonly string[]>> | undefined,
  { pattern, wanted }: ReferenceForm,
): void {
  for (const [service, named] of Object.entries(references)) {
    const path = `secrets.${service}`;
    if (declared) checkKnown(what, path, service, Object.keys(declared), "service", "the services are");
    for (const [name, reference] of Object.entries(named)) {
      if (declared) checkKnown(what, `${path}.${name}`, name, declared[service] ?? [], `secret of the service ${service}`, "it names");
      if (!pattern.test(reference))
        throw new LinuxKitError("INVALID_DEFINITION", `${what}: ${path}.${name}: got what is no reference, wanted ${wanted}`, {
          path: `${path}.${name}`,
        });
    }
  }
}

function checkKnown(what: string, path: string, name: string, known: readonly string[], kind: string, listed: string): void {
  if (known.includes(name)) return;
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    `${what}: ${path}: got ${JSON.stringify(name)}, which is no ${kind}${didYouMean(name, known) || `: ${listed} ${known.join(", ") || "none"}`}`,
    { path },
  );
}
