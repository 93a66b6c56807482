/**
 * Plays Secrets Manager and Systems Manager Parameter Store of one region.
 *
 * Source: AWS Secrets Manager API Reference: GetSecretValue.
 * Source: AWS Systems Manager API Reference: GetParameter.
 * Assumed: the words of messages, and that one role reads every secret except those stored as `null`.
 */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { Authority } from "../authority.ts";
import { record } from "../models/recorded.ts";
import { type RoleCredentials, verifySignature } from "./signature.ts";

/** An error that the services answer on purpose. */
export interface SecretFault {
  readonly status: number;
  readonly type: string;
}

/** By ID or ARN. A Buffer is a binary secret; the role may not read a `null`. */
export type StoredSecrets = Readonly<Record<string, string | Buffer | null>>;

/** Both services on loopback, over TLS, for one role. Each request must be signed. */
export class SecretServices implements AsyncDisposable {
  /** `ACTION REGION/SERVICE STATUS` */
  readonly requests: string[] = [];
  fault: ((count: number) => SecretFault | undefined) | undefined;
  readonly #server: Server;
  readonly #credentials: RoleCredentials;
  readonly #stored: StoredSecrets;
  #count = 0;

  private constructor(authority: Authority, credentials: RoleCredentials, stored: StoredSecrets) {
    this.#credentials = credentials;
    this.#stored = stored;
    this.#server = createServer(authority, (request, response) => {
      void this.#answer(request).then(({ status, action, scope, body, input }) => {
        this.requests.push(`${action} ${scope} ${status}`);
        if (status === 200)
          record({ cloud: "aws", service: scope.split("/")[1] as string, operation: action.split(".")[1] as string, input });
        response.writeHead(status, { "content-type": "application/x-amz-json-1.1", connection: "close" }).end(JSON.stringify(body));
      });
    });
  }

  static async start(authority: Authority, credentials: RoleCredentials, stored: StoredSecrets): Promise<SecretServices> {
    const services = new SecretServices(authority, credentials, stored);
    services.#server.listen(0, "127.0.0.1");
    await once(services.#server, "listening");
    return services;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; action: string; scope: string; body: object; input?: object }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const action = String(request.headers["x-amz-target"]);
    const signed = verifySignature(request, body, this.#credentials);
    const scope = "fault" in signed ? "" : `${signed.region}/${signed.service}`;
    const refuse = (type: string, message: string, status = 400) => ({ status, action, scope, body: { __type: type, message } });
    if (request.method !== "POST" || request.url !== "/" || request.headers["content-type"] !== "application/x-amz-json-1.1")
      return refuse("UnknownOperationException", "", 404);
    if ("fault" in signed)
      return refuse(signed.fault, "The request signature we calculated does not match the signature you provided.", 403);
    const fault = this.fault?.(this.#count++);
    if (fault) return refuse(fault.type, "fault of the test", fault.status);
    const input = JSON.parse(body.toString()) as { SecretId?: string; Name?: string; WithDecryption?: boolean };
    if (signed.service === "secretsmanager" && action === "secretsmanager.GetSecretValue") {
      const value = this.#stored[String(input.SecretId)];
      if (value === undefined) return refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
      if (value === null)
        return refuse(
          "AccessDeniedException",
          `User: arn:aws:sts::123456789012:assumed-role/web/i-1 is not authorized to perform: secretsmanager:GetSecretValue on resource: ${input.SecretId}`,
        );
      const kept = typeof value === "string" ? { SecretString: value } : { SecretBinary: value.toString("base64") };
      return {
        status: 200,
        action,
        scope,
        input,
        body: { ARN: "arn", Name: input.SecretId, VersionId: "v", ...kept, VersionStages: ["AWSCURRENT"], CreatedDate: 1.7e9 },
      };
    }
    if (signed.service === "ssm" && action === "AmazonSSM.GetParameter") {
      const value = this.#stored[String(input.Name)];
      if (typeof value !== "string") return refuse("ParameterNotFound", "");
      // without WithDecryption, a SecureString comes encrypted
      return {
        status: 200,
        action,
        scope,
        input,
        body: {
          Parameter: {
            Name: input.Name,
            Type: "SecureString",
            Value: input.WithDecryption ? value : "AQICAHh…",
            Version: 1,
            DataType: "text",
          },
        },
      };
    }
    return refuse("UnknownOperationException", "", 404);
  }
}
