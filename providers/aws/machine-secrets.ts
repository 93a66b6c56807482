import type { ReferenceForm } from "../../sdk/machine/secret-references.ts";

/** References that AWS machines accept. */
export const SECRET_FORM: ReferenceForm = {
  pattern:
    /^(secretsmanager:[^:\s]\S*|ssm:[^:\s]\S*|arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+|arn:[a-z-]+:ssm:[a-z0-9-]+:\d{12}:parameter\/\S+)$/,
  wanted: "secretsmanager:ID, ssm:NAME or the ARN of a secret or parameter",
};
