import type { Lock } from "./lock.ts";

/** Whether a value from outside is a lock as far as its readers need: each package has a name and a version, each image a digest. */
export function isLock(value: unknown): value is Lock {
  if (!isMap(value)) return false;
  const { version, arch, debian, images, layouts = {} } = value;
  return (
    version === 1 &&
    typeof arch === "string" &&
    isMapOf(debian, ({ packages }) => Array.isArray(packages) && packages.every(isPackage)) &&
    [images, layouts].every((digests) => isMap(digests) && Object.values(digests).every((digest) => typeof digest === "string"))
  );
}

function isPackage(value: unknown): boolean {
  return isNamed(value) && (value["source"] === undefined || isNamed(value["source"]));
}

function isNamed(value: unknown): value is Record<string, unknown> {
  return isMap(value) && typeof value["name"] === "string" && typeof value["version"] === "string";
}

function isMapOf(value: unknown, holds: (member: Record<string, unknown>) => boolean): boolean {
  return isMap(value) && Object.values(value).every((member) => isMap(member) && holds(member));
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
