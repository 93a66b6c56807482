/**
 * Plays Compute Engine's long-running operations.
 *
 * Source: Compute Engine API, globalOperations.get, globalOperations.wait, and the same for zones and regions.
 * Assumed: that an operation is pending in the first answer, running at the first poll and done at the second.
 */
import type { GoogleRefusal } from "./refusal.ts";
import type { Json } from "./schemas.ts";

/** The error of a failed operation: a code of Compute Engine and its message. */
export class OperationFailure extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

interface Operation {
  readonly body: Json;
  polls: number;
  settled: boolean;
  failure: OperationFailure | GoogleRefusal | undefined;
  readonly work: Promise<void>;
}

/** All operations by their paths. */
export class Operations {
  readonly #all = new Map<string, Operation>();
  readonly #byRequest = new Map<string, Json>();

  /** The operation that an earlier request with this ID started; undefined for a new ID. */
  repeated(requestId: string | undefined): Json | undefined {
    return requestId === undefined ? undefined : this.#byRequest.get(requestId);
  }

  /** @param scope `projects/p/global`, `projects/p/zones/z` */
  begin(
    {
      scope,
      kind,
      target,
      origin,
      requestId,
    }: {
      readonly scope: string;
      readonly kind: string;
      readonly target: string;
      readonly origin: string;
      readonly requestId: string | undefined;
    },
    work: Promise<void>,
  ): Json {
    const count = this.#all.size + 1;
    const name = `operation-${String(count).padStart(13, "0")}`;
    const path = `${scope}/operations/${name}`;
    const [, , level, place] = scope.split("/");
    const body = {
      kind: "compute#operation",
      id: String(7n * 10n ** 18n + BigInt(count)),
      name,
      operationType: kind,
      targetLink: `${origin}/compute/v1/${target}`,
      status: "PENDING",
      progress: 0,
      selfLink: `${origin}/compute/v1/${path}`,
      ...(level !== "global" && {
        [level === "zones" ? "zone" : "region"]: `${origin}/compute/v1/projects/${scope.split("/")[1]}/${level}/${place}`,
      }),
    };
    const operation: Operation = {
      body,
      polls: 0,
      settled: false,
      failure: undefined,
      work: work
        .then(
          () => {},
          (error) => void (operation.failure = error),
        )
        .then(() => void (operation.settled = true)),
    };
    this.#all.set(path, operation);
    if (requestId !== undefined) this.#byRequest.set(requestId, body);
    return { ...body };
  }

  /** Polls an operation; undefined if not found. */
  async get(path: string, wait = false): Promise<Json | undefined> {
    const operation = this.#all.get(path);
    if (!operation) return undefined;
    operation.polls += wait ? 2 : 1;
    if (wait) await operation.work;
    const { body, polls, settled, failure } = operation;
    if (!settled || polls < 2) return { ...body, status: "RUNNING" };
    const done = { ...body, status: "DONE", progress: 100 };
    if (!failure) return done;
    const [code, status] = [failure instanceof OperationFailure ? failure.code : failure.reason, failure.status];
    return {
      ...done,
      error: { errors: [{ code, message: failure.message }] },
      httpErrorStatusCode: status,
      httpErrorMessage: status === 403 ? "FORBIDDEN" : "BAD REQUEST",
    };
  }
}
