import type { Properties } from "../../../sdk/plugin/value.ts";
import type { CloudRequest } from "./recorded.ts";

/**
 * What creates a bucket.
 *
 * Source: Terraform's google provider, `google/services/storage/resource_storage_bucket.go`, resourceStorageBucketCreate.
 */
export function bucketRequest(given: string, args: Properties): CloudRequest {
  const {
    name,
    project,
    location,
    labels,
    uniformBucketLevelAccess,
    publicAccessPrevention,
    softDeletePolicy,
    forceDestroy: _,
    ...rest
  } = args;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new Error(`Bucket: how the provider sends ${unknown} is not written here`);
  const access = {
    ...(uniformBucketLevelAccess !== undefined && { uniformBucketLevelAccess: { enabled: uniformBucketLevelAccess } }),
    ...(publicAccessPrevention !== undefined && { publicAccessPrevention }),
  };
  const body = {
    name: name ?? given,
    location,
    labels,
    softDeletePolicy,
    ...(Object.keys(access).length > 0 && { iamConfiguration: access }),
  };
  return {
    cloud: "gcp",
    method: "POST",
    url: `/storage/v1/b?project=${String(project)}`,
    body: JSON.parse(JSON.stringify(body)) as unknown,
  };
}
