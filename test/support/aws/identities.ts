/**
 * Plays the users of an account and the sessions of roles.
 *
 * Source: AWS STS API Reference, "AssumeRole".
 * Assumed: a trust policy that names one principal and at most one external ID; the words of refusals.
 */
import { randomBytes } from "node:crypto";
import { AwsRefusal } from "./ebs-snapshots.ts";
import type { RoleCredentials } from "./signature.ts";

/** The signer of a request. */
export interface Identity {
  readonly credentials: RoleCredentials;
  readonly account: string;
  /** ARN of the user, or of the session of a role. */
  readonly arn: string;
  /** ARN of the user or the role, as a trust policy names it. */
  readonly principal: string;
}

/** Who may assume a role. */
export interface Trust {
  readonly principal: string;
  readonly externalId?: string;
}

const ROLE = /^arn:aws:iam::(\d{12}):role\/([\w+=,.@-]+)$/;

/** The users of an account and the sessions of roles. */
export class Identities {
  /** By ARN of the role. */
  readonly roles = new Map<string, Trust>();
  readonly #known = new Map<string, Identity>();

  readonly #account: string;

  /** Starts with one user, `test`. */
  constructor(account: string) {
    this.#account = account;
    this.addUser("test");
  }

  /** Adds a user; its name is both its access key and its secret key. */
  addUser(name: string): void {
    const arn = `arn:aws:iam::${this.#account}:user/${name}`;
    this.#add({ credentials: { AccessKeyId: name, SecretAccessKey: name }, account: this.#account, arn, principal: arn });
  }

  /** Revokes an access key. */
  removeKey(id: string): void {
    this.#known.delete(id);
  }

  /** The identity whose access key a request names; undefined for an unknown key. */
  of(authorization: string | undefined): Identity | undefined {
    return this.#known.get(/ Credential=([^/]+)\//.exec(authorization ?? "")?.[1] ?? "");
  }

  assume(caller: Identity, form: URLSearchParams): string {
    const arn = form.get("RoleArn") ?? "";
    const session = form.get("RoleSessionName") ?? "";
    const [, account, name] = ROLE.exec(arn) ?? [];
    const trust = this.roles.get(arn);
    if (!/^[\w+=,.@-]{2,64}$/.test(session))
      throw new AwsRefusal(400, "ValidationError", "1 validation error detected: Value at 'roleSessionName' failed to satisfy constraint");
    if (
      account === undefined ||
      trust?.principal !== caller.principal ||
      (trust.externalId !== undefined && trust.externalId !== form.get("ExternalId"))
    ) {
      throw new AwsRefusal(403, "AccessDenied", `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`);
    }
    const credentials = {
      AccessKeyId: `ASIA${randomBytes(8).toString("hex").toUpperCase()}`,
      SecretAccessKey: randomBytes(20).toString("hex"),
      Token: randomBytes(30).toString("base64"),
    };
    this.#add({ credentials, account, arn: `arn:aws:sts::${account}:assumed-role/${name}/${session}`, principal: arn });
    const { AccessKeyId, SecretAccessKey, Token } = credentials;
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    return `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>${AccessKeyId}</AccessKeyId><SecretAccessKey>${SecretAccessKey}</SecretAccessKey><SessionToken>${Token}</SessionToken><Expiration>${expires}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
  }

  #add(identity: Identity): void {
    this.#known.set(identity.credentials.AccessKeyId, identity);
  }
}
