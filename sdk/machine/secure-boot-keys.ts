import { X509Certificate } from "node:crypto";
import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../core/errors.ts";

/** Certificates in PEM that the firmware of an image's machines trusts instead of the vendor's. */
export interface SecureBootKeys {
  /** The platform key. */
  readonly pk: Input<string>;
  /** Key exchange keys: they may sign changes of the lists below. */
  readonly keks: readonly Input<string>[];
  /** Trusted signers: what they signed boots. */
  readonly dbs: readonly Input<string>[];
  /** Revoked signers: what they signed never boots. @default none */
  readonly dbxs?: readonly Input<string>[] | undefined;
}

/** A certificate in the clouds' format: base64 of its DER. `name` is its path in {@link SecureBootKeys}. @throws INVALID_DEFINITION */
export function derOf(pem: Input<string>, name: string): Output<string> {
  return output(pem).apply((pem) => {
    try {
      return new X509Certificate(pem).raw.toString("base64");
    } catch (error) {
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `secureBootKeys.${name}: got text that is not a certificate, wanted one in PEM`,
        { path: `secureBootKeys.${name}` },
        { cause: error },
      );
    }
  });
}
