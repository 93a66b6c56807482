import { LinuxKitError } from "../../../sdk/core/errors.ts";
import type { RegistryAuth } from "../../../sdk/oci/registry/credentials.ts";
import type { AwsAccess } from "../plugin/access/clients.ts";

const ECR_HOST = /^\d{12}\.dkr\.ecr(-fips)?\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/;

/**
 * Logs in to Elastic Container Registry with the credentials that the AWS SDK finds:
 * `build(image, { registryAuth: ecrAuth() })`. It skips other registries.
 *
 * @throws ACCESS_DENIED with AWS's message
 */
export function ecrAuth(access: AwsAccess = {}): RegistryAuth {
  return async ({ registry }) => {
    const region = ECR_HOST.exec(registry)?.[2];
    if (region === undefined) return undefined;
    // loaded on use: a program that never logs in to ECR needs no AWS client
    const [{ ECRClient, GetAuthorizationTokenCommand }, { clientConfig }, { fromAws }] = await Promise.all([
      import("@aws-sdk/client-ecr"),
      import("../plugin/access/clients.ts"),
      import("../plugin/access/failure.ts"),
    ]);
    const client = new ECRClient(clientConfig({ ...access, region }));
    try {
      const { authorizationData: [data] = [] } = await client.send(new GetAuthorizationTokenCommand({}));
      // `AWS:PASSWORD` in base64
      const [username, ...rest] = Buffer.from(data?.authorizationToken ?? "", "base64")
        .toString()
        .split(":");
      if (!username || rest.length === 0)
        throw new LinuxKitError("ACCESS_DENIED", `aws GetAuthorizationToken: got no credentials for ${registry}`, {
          url: registry,
          status: 200,
        });
      return { username, password: rest.join(":") };
    } catch (error) {
      throw fromAws(error, `GetAuthorizationToken ${region}`);
    } finally {
      client.destroy();
    }
  };
}
