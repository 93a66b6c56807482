/** What a model says of one request. */
export interface Verdict {
  /** `ec2.RunInstances`, `compute.v1.images.insert`, `2024-11-01 PUT Microsoft.Compute/disks/{}`. */
  readonly operation: string;
  /** The members of the request by path, without indexes: `BlockDeviceMappings[].Ebs.VolumeType`. */
  readonly seen: readonly string[];
  /** The members that the request may have, beside those seen, each with its owner seen. */
  readonly unseen: readonly string[];
  /** `Ebs.Size: not in EbsBlockDevice`. */
  readonly wrong: readonly string[];
}

/** Collects the members of one request. */
export class Reading {
  readonly seen = new Set<string>();
  readonly known = new Set<string>();
  readonly wrong: string[] = [];

  refuse(path: string, what: string): void {
    this.wrong.push(`${path || "the body"}: ${what}`);
  }

  verdict(operation: string): Verdict {
    return { operation, seen: [...this.seen], unseen: [...this.known].filter((path) => !this.seen.has(path)), wrong: this.wrong };
  }
}

/** A value as it appears in a verdict, at most 60 characters. */
export const shown = (value: unknown): string => String(JSON.stringify(value)).slice(0, 60);

/** The first values of an enumeration. */
export const oneOf = (values: Iterable<string>): string => {
  const all = [...values];
  return `not one of ${all.slice(0, 4).join(", ")}${all.length > 4 ? "…" : ""}`;
};

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
