import { isLinuxKitError, LinuxKitError } from "../../../../sdk/core/errors.ts";

/** What the SDK's errors have in common. */
interface AwsError {
  readonly name: string;
  readonly message: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string; readonly attempts?: number };
}

/** Whether AWS reports that the object does not exist. */
export function isGone(error: unknown): boolean {
  return ["ResourceNotFoundException", "InvalidSnapshot.NotFound", "InvalidAMIID.NotFound"].includes(
    (error as AwsError | undefined)?.name ?? "",
  );
}

/** Whether AWS refused a request as not valid. */
export function isInvalid(error: unknown): boolean {
  const cause = isLinuxKitError(error) ? error.cause : error;
  return (cause as AwsError | undefined)?.name === "ValidationException";
}

/**
 * The SDK's error as a LinuxKitError, with AWS's message. If aborted, returns the signal's reason.
 *
 * @param what the operation and its object: `PutSnapshotBlock snap-1`
 */
export function fromAws(error: unknown, what: string, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (isLinuxKitError(error) || !(error instanceof Error)) return error;
  const { name, message, $metadata } = error as AwsError;
  const status = $metadata?.httpStatusCode;
  const said = `aws ${what}: ${message || name}${$metadata?.requestId ? ` (request ${$metadata.requestId})` : ""}`;
  if (isGone(error)) return new LinuxKitError("NOT_FOUND", said, { what }, { cause: error });
  // an earlier request with other arguments used this token
  if (name === "ConflictException") return new LinuxKitError("UNSUPPORTED", said, { what }, { cause: error });
  if (name === "CredentialsProviderError")
    return new LinuxKitError(
      "ACCESS_DENIED",
      `${said}: set a profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
      { url: what, status: 0 },
      { cause: error },
    );
  if (status !== undefined && status >= 400 && status < 500)
    return new LinuxKitError("ACCESS_DENIED", said, { url: what, status }, { cause: error });
  return new LinuxKitError("NETWORK", `${said}, after ${$metadata?.attempts ?? 1} attempts`, { url: what }, { cause: error });
}
