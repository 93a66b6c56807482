import { count, word } from "./fields.ts";

/** Label of an ext4 filesystem (ext4(5): 16 bytes) that can also be a partition's name. */
export const diskLabel = word.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,15}$/, 'a label of at most 16 letters, digits, ".", "_" or "-"');

/** A disk's serial, as its host gives it. */
export const diskSerial = word.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'a serial of letters, digits, ".", "_" or "-"');

/** A disk's or partition's device. */
export const diskDevice = word.regex(/^\/dev\/[A-Za-z0-9/_-]+$/, "a device such as /dev/vdb");

/** The number of a user or group. */
export const ownerNumber = count.max(0xffff_fffe, "a number up to 4294967294");
