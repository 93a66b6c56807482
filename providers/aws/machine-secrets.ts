import type { Output } from "@pulumi/pulumi/output.js";
import { type SecretReferences, secretReferences } from "../../sdk/machine/secret-references.ts";
import { secretTags } from "../../sdk/machine/secret-tags.ts";
import type { MachineImage } from "./machine-image.ts";

/** What is taken as the place of a secret. */
export const SECRET_FORM = {
  pattern:
    /^(secretsmanager:[^:\s]\S*|ssm:[^:\s]\S*|arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+|arn:[a-z-]+:ssm:[a-z0-9-]+:\d{12}:parameter\/\S+)$/,
  wanted: "secretsmanager:ID, ssm:NAME or the ARN of a secret or parameter",
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
