/** An error answer of Azure, with its HTTP status and code. */
export class AzureRefusal extends Error {
  readonly status: number;
  readonly code: string;
  /** Headers of the answer: `retry-after`, `www-authenticate`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}
