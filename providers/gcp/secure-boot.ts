import { X509Certificate } from "node:crypto";
import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";

/** Certificates, each as PEM, that the firmware of an image's machines knows instead of Google's and Microsoft's. */
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

/** The keys as Compute Engine takes them: base64 of the certificate's DER. Source: Compute Engine API, `initialState`. */
export function initialState({ pk, keks, dbs, dbxs = [] }: SecureBootKeys) {
  const list = (name: string, keys: readonly Input<string>[]) => keys.map((key, index) => ({ content: derOf(key, `${name}[${index}]`), fileType: "X509" }));
  return { pk: { content: derOf(pk, "pk"), fileType: "X509" }, keks: list("keks", keks), dbs: list("dbs", dbs), ...(dbxs.length > 0 && { dbxs: list("dbxs", dbxs) }) };
}

function derOf(pem: Input<string>, name: string): Output<string> {
  return output(pem).apply((pem) => {
    try {
      return new X509Certificate(pem).raw.toString("base64");
    } catch (error) {
      throw new LinuxKitError("INVALID_DEFINITION", `secureBootKeys.${name}: got text that is no certificate, wanted one as PEM`, { path: `secureBootKeys.${name}` }, { cause: error });
    }
  });
}
