import type { Container } from "../definition/container.ts";
import { trustsLabel } from "../definition/label-rules.ts";
import type { ImageConfig } from "../oci/image-config.ts";
import { accountNumber, type Accounts } from "./account.ts";
import type { EffectiveFields } from "./effective.ts";
import { imageUser, labelId, needsAccounts, type ProcessUser, ROOT } from "./image-user.ts";

/** What {@link processUser} needs besides the fields. */
export interface UserContext {
  readonly container: Container;
  readonly image: ImageConfig;
  readonly users: Accounts;
  readonly groups: Accounts;
  /** The container's path in the definition, for messages. */
  readonly path: string;
}

/**
 * The user and groups of a container's process: those of the definition, else of the image's label, else in the default
 * sandbox those of the image's USER, else root. With the definition's or the label's user, the image's groups do not count.
 *
 * @throws INVALID_DEFINITION for an unknown name
 */
export function processUser(fields: EffectiveFields, context: UserContext): ProcessUser {
  const { container, image, users, groups, path } = context;
  const location = `${path}.image`;
  // LinuxKit reads names as those of containers, and no USER; an image made from packages has its names in the definition
  const isOwn = container.sandbox === "linuxkit" || typeof container.image !== "string";
  const fromImage = isOwn || isNamed(fields.uid) ? ROOT : imageUser(image.user, image.accounts, location);
  const idOf = (field: "uid" | "gid"): number => {
    const owner = fields[field];
    if (!isNamed(owner)) return fromImage[field];
    const isLabels = !isOwn && container[field] === undefined;
    const known = field === "uid" ? users : groups;
    if (isLabels && !(trustsLabel(container) && typeof owner === "string" && known.has(owner)))
      return labelId(owner, field === "uid" ? "user" : "group", image.accounts, location);
    return accountNumber(owner, known, `${path}.${field}`);
  };
  const additional = fields.additionalGids?.map((group, index) => accountNumber(group, groups, `${path}.additionalGids[${index}]`));
  return { uid: idOf("uid"), gid: idOf("gid"), additionalGids: additional ?? fromImage.additionalGids };
}

/** Whether the user of a container's process is looked up in the image's own files. */
export function readsAccounts(container: Container, { user, label }: ImageConfig): boolean {
  if (container.sandbox === "linuxkit" || typeof container.image !== "string") return false;
  const asked = (["uid", "gid"] as const).filter(
    (field) => !isNamed(container[field]) && isNamed(label[field] as string | number | undefined),
  );
  if (asked.some((field) => typeof label[field] === "string" && label[field] !== "root")) return true;
  return !isNamed(container.uid) && !asked.includes("uid") && needsAccounts(user);
}

function isNamed(owner: number | string | undefined): boolean {
  return owner !== undefined && owner !== "";
}
