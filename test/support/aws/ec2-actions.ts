/**
 * Plays EC2's operations on snapshots.
 *
 * Source: Amazon EC2 API Reference: DescribeSnapshots, DeleteSnapshot, CreateTags, DeleteTags.
 * Judged by: test/aws/moto.judge.test.ts.
 * Assumed: that every answer fits on one page.
 */
import { AwsRefusal, type EbsSnapshots, type StoredSnapshot } from "./ebs-snapshots.ts";

/** EC2's answer to an action on snapshots; undefined for any other action. */
export function ec2Action(ebs: EbsSnapshots, action: string, form: URLSearchParams): string | undefined {
  switch (action) {
    case "DescribeSnapshots":
      for (const snapshot of wanted(ebs, form)) ebs.looked(snapshot);
      return `<DescribeSnapshotsResponse><requestId>r</requestId><snapshotSet>${wanted(ebs, form).map(item).join("")}</snapshotSet></DescribeSnapshotsResponse>`;
    case "DeleteSnapshot": {
      const id = form.get("SnapshotId") ?? "";
      if (ebs.snapshots.has(id) && !ebs.inUse.has(id)) ebs.keepLineage(id);
      ebs.remove(id);
      return done(action);
    }
    case "CreateTags":
    case "DeleteTags": {
      for (const id of list(form, "ResourceId")) {
        const snapshot = existing(ebs, id);
        for (let at = 1; form.has(`Tag.${at}.Key`); at++) {
          const key = form.get(`Tag.${at}.Key`) as string;
          if (action === "CreateTags") snapshot.tags.set(key, form.get(`Tag.${at}.Value`) ?? "");
          else snapshot.tags.delete(key);
        }
      }
      return done(action);
    }
    default:
      return undefined;
  }
}

function wanted(ebs: EbsSnapshots, form: URLSearchParams): StoredSnapshot[] {
  const ids = list(form, "SnapshotId");
  const candidates = ids.length > 0 ? ids.map((id) => existing(ebs, id)) : [...ebs.snapshots.values()];
  return candidates.filter((snapshot) => {
    for (let at = 1; form.has(`Filter.${at}.Name`); at++) {
      const name = form.get(`Filter.${at}.Name`) as string;
      const values = list(form, `Filter.${at}.Value`);
      const got = name.startsWith("tag:") ? snapshot.tags.get(name.slice(4)) : name === "status" ? snapshot.status : refuseFilter(name);
      if (got === undefined || !values.includes(got)) return false;
    }
    return true;
  });
}

function refuseFilter(name: string): never {
  throw new AwsRefusal(400, "InvalidParameterValue", `The filter '${name}' is invalid`);
}

function existing(ebs: EbsSnapshots, id: string): StoredSnapshot {
  const snapshot = ebs.snapshots.get(id);
  if (!snapshot || !ebs.isKnown(snapshot)) throw new AwsRefusal(400, "InvalidSnapshot.NotFound", `The snapshot '${id}' does not exist.`);
  return snapshot;
}

function list(form: URLSearchParams, name: string): string[] {
  const values: string[] = [];
  for (let at = 1; form.has(`${name}.${at}`); at++) values.push(form.get(`${name}.${at}`) as string);
  return values;
}

function item({ id, status, encrypted, sizeGiB, tags, description }: StoredSnapshot): string {
  const tagSet = [...tags].map(([key, value]) => `<item><key>${escaped(key)}</key><value>${escaped(value)}</value></item>`).join("");
  return `<item><snapshotId>${id}</snapshotId><status>${status}</status><volumeSize>${sizeGiB}</volumeSize><encrypted>${encrypted}</encrypted><description>${escaped(description)}</description><tagSet>${tagSet}</tagSet></item>`;
}

function done(action: string): string {
  return `<${action}Response><requestId>r</requestId><return>true</return></${action}Response>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
}
