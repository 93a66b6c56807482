import type { DebianImage } from "../../definition/debian-image.ts";
import { debianImage } from "./arguments.ts";

/**
 * Mozilla's certificate authorities in `/etc/ssl/certs/ca-certificates.crt`, the bundle that OpenSSL, GnuTLS, Go and curl
 * use. Put the image into `init`; a service then reads the bundle with `binds: ["/etc/ssl/certs:/etc/ssl/certs:ro"]`. To have
 * the bundle in a service's own image, add the package `ca-certificates` to it.
 */
export function caCertificates(): DebianImage {
  return debianImage({ packages: ["ca-certificates"] });
}
