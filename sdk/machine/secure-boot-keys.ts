import { X509Certificate } from "node:crypto";
import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../core/errors.ts";

/** Certificates, each as PEM, that the firmware of an image's machines knows instead of its maker's. */
export interface SecureBootKeys {
  /** The platform key. */
  readonly pk: Input<string>;
  /** Who may change the lists below. */
  readonly keks: readonly Input<string>[];
  /** Whose signatures start. */
  readonly dbs: readonly Input<string>[];
  /** Whose signatures do not, whoever else signed. @default none */
  readonly dbxs?: readonly Input<string>[] | undefined;
}

/** A certificate as clouds take it: base64 of its DER. `name` is its place in {@link SecureBootKeys}. @throws INVALID_DEFINITION */
export function derOf(pem: Input<string>, name: string): Output<string> {
  return output(pem).apply((pem) => {
    try {
      return new X509Certificate(pem).raw.toString("base64");
    } catch (error) {
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `secureBootKeys.${name}: got text that is no certificate, wanted one as PEM`,
        { path: `secureBootKeys.${name}` },
        { cause: error },
      );
    }
  });
}
