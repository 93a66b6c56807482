/**
 * Plays the endpoints of EBS direct, EC2, STS and Auto Scaling on loopback: routes, signatures, errors, faults on purpose.
 *
 * Source: EBS direct APIs Reference: StartSnapshot, PutSnapshotBlock, CompleteSnapshot (paths, headers and statuses).
 * Source: AWS STS API Reference: GetCallerIdentity, AssumeRole.
 * Judged by: test/aws/moto.judge.test.ts asks moto the same questions.
 * Assumed: the XML of errors, and that a wrong signature is answered the same way by every service.
 */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { AwsAccount } from "./account.ts";
import { AwsRefusal, EbsSnapshots } from "./ebs-snapshots.ts";
import { ec2Action } from "./ec2-actions.ts";
import { record } from "../models/recorded.ts";
import { Identities, type Identity } from "./identities.ts";
import { verifySignature } from "./signature.ts";

/** A fault that the server injects into one request. */
export type AwsFault =
  | { readonly status: number; readonly code: string }
  /** The connection ends before an answer; with `done`, the request takes effect first. */
  | { readonly cut: true; readonly done?: boolean }
  | { readonly delayMs: number };

export interface AwsRequest {
  /** `StartSnapshot`, `PutSnapshotBlock`, `DescribeSnapshots`… */
  readonly action: string;
  readonly status: number;
  /** ARN of the signer; empty if the signature is not valid. */
  readonly by: string;
  /** The region in its signature. */
  readonly region: string;
}

export type QueryAction = (action: string, form: URLSearchParams) => string | undefined;

export interface AwsServerOptions {
  readonly account?: string;
  readonly fault?: (action: string, count: number) => AwsFault | undefined;
  /** What an account has and may do. Without one, only what an upload needs is there. */
  readonly resources?: AwsAccount;
  /** Further actions of the query protocol, beside EC2 snapshots and STS. */
  readonly actions?: QueryAction;
}

/** AWS's endpoints on loopback, as strict as the API reference. EC2 and STS have only the operations that an upload needs. */
export class AwsServer implements AsyncDisposable {
  readonly ebs = new EbsSnapshots();
  readonly identities: Identities;
  readonly requests: AwsRequest[] = [];
  /** Blocks that were accepted; one that is sent twice counts twice. */
  get blocksPut(): number {
    return this.requests.filter(({ action, status }) => action === "PutSnapshotBlock" && status === 201).length;
  }
  fault: AwsServerOptions["fault"];
  readonly #options: AwsServerOptions;
  readonly #server: Server;
  #count = 0;

  private constructor(options: AwsServerOptions) {
    this.#options = options;
    this.identities = new Identities(this.account);
    this.fault = options.fault;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error) => response.destroy(error));
    });
  }

  static async start(options: AwsServerOptions = {}): Promise<AwsServer> {
    const server = new AwsServer(options);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get account(): string {
    return this.#options.account ?? "123456789012";
  }

  /** Environment variables that make an AWS SDK talk to this server only. */
  get environment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.url,
      AWS_REGION: "eu-central-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_CONFIG_FILE: "/dev/null",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bytesOf(request);
    if (body === undefined) return;
    const [, first, second, third, fourth] = (request.url ?? "").split("?")[0]?.split("/") ?? [];
    // Source: AWS JSON 1.1 protocol: the operation is in a header
    const target = request.headers["x-amz-target"] as string | undefined;
    const form = first === "" && target === undefined ? new URLSearchParams(body.toString()) : undefined;
    const action = target?.split(".")[1] ?? form?.get("Action") ?? ebsAction(request.method ?? "", second, third);
    const caller = this.identities.of(request.headers.authorization);
    const signed = caller ? verifySignature(request, body, caller.credentials) : { fault: "InvalidClientTokenId" };
    const [by, region] = "fault" in signed ? ["", ""] : [caller?.arn ?? "", signed.region];
    response.on("close", () => this.requests.push({ action, status: response.headersSent ? response.statusCode : 0, by, region }));
    const fault = this.fault?.(action, this.#count++);
    if (fault && "delayMs" in fault) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    if (fault && "cut" in fault && !fault.done) return void request.socket.destroy();
    try {
      if (!caller || "fault" in signed)
        throw new AwsRefusal(
          403,
          "fault" in signed ? signed.fault : "InvalidClientTokenId",
          "The request signature we calculated does not match the signature you provided.",
        );
      if (!(form ? ["ec2", "sts", "autoscaling"] : [target === undefined ? "ebs" : "servicequotas"]).includes(signed.service))
        throw new AwsRefusal(403, "InvalidSignatureException", `signed for ${signed.service}`);
      if (fault && "status" in fault) throw new AwsRefusal(fault.status, fault.code, "fault of the test");
      const answer = form
        ? { status: 200, text: this.#query(action, form, caller) }
        : target !== undefined && this.#options.resources
          ? { status: 200, text: this.#options.resources.quota(action, body.toString()) }
          : this.#ebs(action, request, body, second, third, fourth);
      recordAccepted(request, signed.service, form, target, body);
      if (fault && "cut" in fault) return void request.socket.destroy();
      response.writeHead(answer.status, {
        "content-type": form ? "text/xml" : target === undefined ? "application/json" : "application/x-amz-json-1.1",
        "x-amzn-requestid": `r-${this.#count}`,
        ...("headers" in answer ? answer.headers : {}),
      });
      response.end(answer.text);
    } catch (error) {
      if (!(error instanceof AwsRefusal)) throw error;
      refuse(response, error, form !== undefined);
    }
  }

  #ebs(
    action: string,
    request: IncomingMessage,
    body: Buffer,
    second?: string,
    third?: string,
    fourth?: string,
  ): { status: number; text: string; headers?: Record<string, string> } {
    if (action === "StartSnapshot") {
      const { snapshot, status } = this.ebs.start(JSON.parse(body.toString()));
      const { id, sizeGiB, parent, encrypted } = snapshot;
      const text = JSON.stringify({
        SnapshotId: id,
        OwnerId: this.account,
        Status: snapshot.status,
        VolumeSize: sizeGiB,
        BlockSize: 512 << 10,
        ...(parent && { ParentSnapshotId: parent }),
        ...(encrypted && { KmsKeyArn: "arn:aws:kms:eu-central-1:123456789012:key/k", SseType: "sse-kms" }),
      });
      return { status, text };
    }
    if (action === "PutSnapshotBlock") {
      this.ebs.put(second as string, Number(fourth), body, request.headers);
      return {
        status: 201,
        text: "",
        headers: { "x-amz-checksum": request.headers["x-amz-checksum"] as string, "x-amz-checksum-algorithm": "SHA256" },
      };
    }
    if (action === "CompleteSnapshot") {
      this.ebs.complete(third as string, request.headers);
      return { status: 202, text: JSON.stringify({ Status: "pending" }) };
    }
    throw new AwsRefusal(400, "ValidationException", `no operation ${request.method} ${request.url}`);
  }

  #query(action: string, form: URLSearchParams, caller: Identity): string {
    if (action === "AssumeRole") return this.identities.assume(caller, form);
    if (action === "GetCallerIdentity")
      return `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>${caller.account}</Account><Arn>${caller.arn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`;
    const answer =
      this.#options.resources?.query(action, form) ?? ec2Action(this.ebs, action, form) ?? this.#options.actions?.(action, form);
    if (answer === undefined) throw new AwsRefusal(400, "InvalidAction", `no operation ${action}`);
    return answer;
  }
}

/** A block is recorded as its length. */
function recordAccepted(
  { method = "", url = "", headers }: IncomingMessage,
  service: string,
  form: URLSearchParams | undefined,
  target: string | undefined,
  body: Buffer,
): void {
  if (form) return record({ cloud: "aws", service, form: form.toString() });
  if (target !== undefined)
    return record({ cloud: "aws", service, operation: target.split(".")[1] as string, input: JSON.parse(body.toString()) });
  const named = Object.entries(headers).flatMap(([name, value]) =>
    /^x-amz-(?!date|security|content)/.test(name) ? [[name, String(value)]] : [],
  );
  const isBlock = method === "PUT";
  const given = body.length === 0 ? undefined : isBlock ? body.length : JSON.parse(body.toString());
  record({ cloud: "aws", service, method, url, headers: Object.fromEntries(named), body: given });
}

function ebsAction(method: string, second: string | undefined, third: string | undefined): string {
  if (method === "POST") return second === "completion" ? "CompleteSnapshot" : "StartSnapshot";
  return method === "PUT" && third === "blocks" ? "PutSnapshotBlock" : "unknown";
}

/** The body; undefined if the client closed the connection. */
async function bytesOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

function refuse(response: ServerResponse, { status, code, message }: AwsRefusal, xml: boolean): void {
  response.writeHead(status, { "content-type": xml ? "text/xml" : "application/json", "x-amzn-errortype": code });
  response.end(
    xml
      ? `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>r</RequestID></Response>`
      : JSON.stringify({ message }),
  );
}
