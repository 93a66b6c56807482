import type { Output } from "@pulumi/pulumi/output.js";
import { type SecretReferences, secretReferences } from "../../sdk/machine/secret-references.ts";
import { secretTags } from "../../sdk/machine/secret-tags.ts";
import type { MachineImage } from "./machine-image.ts";

/** What is taken as the place of a secret: a Key Vault of whatever cloud, with a version or without. */
const SECRET_FORM = {
  pattern: /^https:\/\/[a-z\d-]+\.vault(\.[a-z\d-]+)+\/secrets\/[A-Za-z\d-]{1,127}(\/[\da-f]{32})?$/i,
  wanted: "the URL of a Key Vault secret: https://VAULT.vault.azure.net/secrets/NAME, with /VERSION or without",
};

/** The tags that say where the secrets of a machine's services are; none where the program says nothing of secrets. */
export function secretsTold(
  name: string,
  secrets: SecretReferences | undefined,
  { nodes }: MachineImage,
): Output<Record<string, string>>[] {
  if (secrets === undefined) return [];
  return [
    secretReferences(`"${name}"`, secrets, nodes.build.definition, SECRET_FORM).apply((references) => secretTags(`"${name}"`, references)),
  ];
}
