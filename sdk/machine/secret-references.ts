import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../core/errors.ts";
import type { Definition } from "../definition/definition.ts";
import { didYouMean } from "../core/suggest.ts";

/** By service, then by the secret's name: a reference to the cloud's secret store. No values. */
export type SecretReferences = Input<Readonly<Record<string, Input<Readonly<Record<string, Input<string>>>>>>>;

/** {@link SecretReferences} when all of them are known. */
export type KnownReferences = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The form of a cloud's references. */
export interface ReferenceForm {
  readonly pattern: RegExp;
  /** As the noun phrase after "wanted". */
  readonly wanted: string;
}

/**
 * A program's references, checked by {@link checkReferences}.
 *
 * @param what names the machine in errors
 * @param definition of the machine's operating system; undefined if only a file of it is known
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
 * @param declared by service, the names of its secrets; undefined if the definition is not known
 * @throws INVALID_DEFINITION for an unknown service, a secret that it does not declare, or a reference of another form, which is not shown because it may be the secret itself
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
      if (declared) checkKnown(what, `${path}.${name}`, name, declared[service] ?? [], `secret of the service ${service}`, "it declares");
      if (!pattern.test(reference))
        throw new LinuxKitError("INVALID_DEFINITION", `${what}: ${path}.${name}: got text that is not a reference, wanted ${wanted}`, {
          path: `${path}.${name}`,
        });
    }
  }
}

function checkKnown(what: string, path: string, name: string, known: readonly string[], kind: string, listed: string): void {
  if (known.includes(name)) return;
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    `${what}: ${path}: got ${JSON.stringify(name)}, which is not a ${kind}${didYouMean(name, known) || `: ${listed} ${known.join(", ") || "none"}`}`,
    { path },
  );
}
