import { all, type Input, type Output, output, secret } from "@pulumi/pulumi/output.js";
import type { Definition } from "../../sdk/definition/definition.ts";

/** Values of secrets by service, then by name. */
export type ServiceSecrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The secrets of a definition's services, with the values in the definition. */
export function secretsOf(definition: Definition | undefined): Output<ServiceSecrets> {
  const services = (definition?.services ?? {}) as Definition["services"];
  const named = output(services).apply((known) =>
    Object.fromEntries(
      Object.entries(known).flatMap(([name, service]) =>
        Object.keys(service.secrets ?? {}).length > 0 ? [[name, service.secrets as Record<string, string>]] : [],
      ),
    ),
  );
  return secret(named);
}

/** Merges both; the second takes precedence. */
export function mergeSecrets(own: Output<ServiceSecrets>, given: Input<ServiceSecrets>): Output<ServiceSecrets> {
  return all([own, given]).apply(([first, second]) => {
    const services = new Set([...Object.keys(first), ...Object.keys(second)]);
    return Object.fromEntries([...services].map((service) => [service, { ...first[service], ...second[service] }]));
  });
}
