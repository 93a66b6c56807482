import type { DebianImage } from "../../definition/debian-image.ts";
import { debianImage } from "./arguments.ts";

/**
 * Mozilla's certificate authorities: `/etc/ssl/certs/ca-certificates.crt`, the bundle that OpenSSL, GnuTLS, Go and curl
 * look for, put together when the image is made. In `init` it serves the whole machine, and a service sees it by
 * `binds: ["/etc/ssl/certs:/etc/ssl/certs:ro"]`; a service's own image gets it with the package `ca-certificates`.
 */
export function caCertificates(): DebianImage {
  return debianImage({ packages: ["ca-certificates"] });
}
