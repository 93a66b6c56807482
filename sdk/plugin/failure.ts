import type { ServiceError, StatusObject } from "@grpc/grpc-js";
import { isLinuxKitError } from "../core/errors.ts";
import { missingPackage } from "../core/missing-package.ts";
import { printable } from "../core/printable.ts";
import type { Protos } from "./protos.ts";
import { encode } from "./struct.ts";
import type { Properties } from "./value.ts";

/** An error with its gRPC status. The engine prints the message under the resource's name. */
export function failureStatus(protos: Protos, error: unknown, redact: (message: string) => string): Partial<StatusObject> {
  return { code: protos.grpc.status.UNKNOWN, details: redact(explain(error)) };
}

/**
 * The answer for a resource that exists, but is not in the desired state: an `ErrorResourceInitFailed` in the status's
 * details. The engine keeps it in the state with these properties and the next update takes it from there.
 */
export function unreadyStatus(
  protos: Protos,
  resource: { readonly id: string; readonly inputs: Properties; readonly outputs: Properties },
  failure: unknown,
  redact: (message: string) => string,
): Partial<ServiceError> {
  const reason = redact(explain(failure));
  const detail = new protos.provider.ErrorResourceInitFailed();
  detail.setId(resource.id);
  detail.setProperties(encode(protos, resource.outputs));
  detail.setInputs(encode(protos, resource.inputs));
  detail.setReasonsList([reason]);
  const packed = new protos.any.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new protos.status.Status();
  status.setCode(protos.grpc.status.UNKNOWN);
  status.setMessage(reason);
  status.addDetails(packed);
  const metadata = new protos.grpc.Metadata();
  // where gRPC keeps the details of a status; the Node library has no function for it
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return { code: protos.grpc.status.UNKNOWN, details: reason, metadata };
}

/** A LinuxKitError's message unchanged; any other error is reported as a bug in this library. */
function explain(error: unknown): string {
  // another copy of the package may have made it
  if (isLinuxKitError(error)) return printable(error.message);
  const missing = missingPackage(error);
  if (missing) return missing.message;
  const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `unexpected failure in pulumi-linuxkit, please report it: ${printable(shown)}`;
}
