/** A version of Kubernetes, as numbers. */
export interface KubernetesVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Reads `1.34.4`; undefined for anything else. */
export function kubernetesVersion(text: string): KubernetesVersion | undefined {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)$/.exec(text) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

/**
 * Why a cluster may not become another version; undefined if it may. Its nodes follow the control plane, so a kubelet is one
 * minor version behind at most, where three are allowed.
 *
 * Source: kubernetes.io, "Version Skew Policy", "Supported component upgrade order": an API server skips no minor version, also where
 * it is the only one.
 */
export function upgradeProblem(from: string, to: string): string | undefined {
  const [old, now] = [kubernetesVersion(from), kubernetesVersion(to)];
  if (!old || !now) return undefined;
  if (now.major !== old.major || now.minor > old.minor + 1)
    return `got ${to}, but the cluster is ${from} and skips no minor version: wanted ${old.major}.${old.minor + 1} first`;
  if (now.minor < old.minor)
    return `got ${to}, but the cluster is ${from}, whose data an older one may not read: wanted ${old.major}.${old.minor} or ${old.major}.${old.minor + 1}`;
  return undefined;
}
