import type { ReferenceForm } from "../../sdk/machine/secret-references.ts";

/** References that Azure machines accept: a Key Vault of any Azure cloud, with a version or without. */
export const SECRET_FORM: ReferenceForm = {
  pattern: /^https:\/\/[a-z\d-]+\.vault(\.[a-z\d-]+)+\/secrets\/[A-Za-z\d-]{1,127}(\/[\da-f]{32})?$/i,
  wanted: "the URL of a Key Vault secret: https://VAULT.vault.azure.net/secrets/NAME, with /VERSION or without",
};
