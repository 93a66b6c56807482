/** An error answer of Google Cloud, with its HTTP status and reason. */
export class GoogleRefusal extends Error {
  readonly status: number;
  /** `notFound`, `invalid`, `resourceInUseByAnotherResource`… */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }

  /** Source: Google Cloud APIs, "Errors"; Compute Engine, "Troubleshooting API errors". */
  get body(): string {
    const { status: code, message, reason } = this;
    return JSON.stringify({
      error: { code, message, errors: [{ message, domain: "global", reason }], ...(code === 401 && { status: "UNAUTHENTICATED" }) },
    });
  }
}

export function invalid(field: string, value: unknown, why: string): GoogleRefusal {
  return new GoogleRefusal(
    400,
    "invalid",
    `Invalid value for field '${field}': '${typeof value === "string" ? value : (JSON.stringify(value) ?? "")}'. ${why}`,
  );
}

export function notFound(path: string): GoogleRefusal {
  return new GoogleRefusal(404, "notFound", `The resource '${path}' was not found`);
}

export function inUse(kind: string, path: string, by: string): GoogleRefusal {
  return new GoogleRefusal(400, "resourceInUseByAnotherResource", `The ${kind} resource '${path}' is already being used by '${by}'`);
}
