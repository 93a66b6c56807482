/** Bytes of a service's output that are kept unless it says otherwise. */
export const LOG_SIZE = 512 << 10;

/** Where the guest puts a service's secrets, each a 0400 file: the source of the bind to `/run/secrets`. */
export function secretsPath(service: string): string {
  return `/run/linuxkit/secrets/${service}`;
}
