/** A path that an image with a package gets, in place of the package's maintainer scripts. */
export type Made =
  | { readonly path: string; readonly symlink: string /** Only if this package is in the image too. */; readonly beside?: string }
  | { readonly path: string; readonly directory: true; readonly mode: number; readonly user: string }
  /** The concatenation of the files that match, sorted by name, each ending in a line feed. */
  | { readonly path: string; readonly from: string; readonly mode?: number };

/** The effects of a package's maintainer scripts that its programs rely on. */
export interface Declared {
  /** System users. adduser would give them the next free id; here they have the same id in every image. */
  readonly users?: readonly { readonly name: string; readonly uid: number; readonly home: string }[];
  readonly makes?: readonly Made[];
  /** Paths, with `*`, that a slim image leaves out of this package besides the usual ones. */
  readonly leavesOut?: readonly string[];
  /** Paths, with `*`, that a slim image keeps of any package although it usually leaves them out. */
  readonly keeps?: readonly string[];
}

/**
 * The replacements of maintainer scripts, by package, because scripts are not run. Other packages are installed as their
 * archives have them; an image can add the rest with `users`, `groups` and `files`.
 */
export const DECLARED: Readonly<Record<string, Declared>> = Object.freeze({
  "ca-certificates": {
    makes: [
      { path: "etc/ssl/certs/ca-certificates.crt", from: "usr/share/ca-certificates/*/*.crt" },
      // OpenSSL's default path of a bundle
      { path: "usr/lib/ssl/cert.pem", symlink: "/etc/ssl/certs/ca-certificates.crt", beside: "libssl3" },
    ],
    leavesOut: ["usr/share/ca-certificates", "usr/sbin/update-ca-certificates", "etc/ca-certificates"],
  },
  chrony: {
    users: [{ name: "_chrony", uid: 101, home: "/var/lib/chrony" }],
    makes: [
      { path: "etc/chrony/chrony.conf", from: "usr/share/chrony/chrony.conf" },
      { path: "etc/chrony/chrony.keys", from: "usr/share/chrony/chrony.keys", mode: 0o600 },
      { path: "var/lib/chrony", directory: true, mode: 0o750, user: "_chrony" },
    ],
  },
  // it converts its own strings from Latin-1, and aborts where iconv(3) cannot
  "guile-3.0-libs": { keeps: ["usr/lib/*/gconv/ISO8859-1.so", "usr/lib/*/gconv/gconv-modules"] },
  "nginx-common": {
    makes: [
      { path: "etc/nginx/sites-enabled/default", symlink: "/etc/nginx/sites-available/default" },
      { path: "var/www/html/index.nginx-debian.html", from: "usr/share/nginx/html/index.html" },
    ],
  },
  "openssh-server": {
    users: [{ name: "sshd", uid: 102, home: "/run/sshd" }],
    makes: [{ path: "etc/ssh/sshd_config", from: "usr/share/openssh/sshd_config" }],
  },
  "redis-server": {
    users: [{ name: "redis", uid: 103, home: "/var/lib/redis" }],
    makes: [{ path: "var/lib/redis", directory: true, mode: 0o750, user: "redis" }],
  },
  haproxy: { users: [{ name: "haproxy", uid: 104, home: "/var/lib/haproxy" }] },
  memcached: { users: [{ name: "memcache", uid: 105, home: "/nonexistent" }] },
  "dnsmasq-base": { users: [{ name: "dnsmasq", uid: 106, home: "/var/lib/misc" }] },
  unbound: { users: [{ name: "unbound", uid: 107, home: "/var/lib/unbound" }] },
  "postgresql-common": { users: [{ name: "postgres", uid: 108, home: "/var/lib/postgresql" }] },
  "mariadb-common": {
    makes: [
      { path: "etc/mysql/my.cnf", symlink: "/etc/mysql/mariadb.cnf" },
      // mysql-common has it, which has nothing else that the server needs
      { path: "etc/mysql/conf.d", directory: true, mode: 0o755, user: "root" },
    ],
  },
  "mariadb-server": { users: [{ name: "mysql", uid: 109, home: "/nonexistent" }] },
  bind9: { users: [{ name: "bind", uid: 110, home: "/var/cache/bind" }] },
  "exim4-daemon-light": { users: [{ name: "Debian-exim", uid: 113, home: "/var/spool/exim4" }] },
  "exim4-daemon-heavy": { users: [{ name: "Debian-exim", uid: 113, home: "/var/spool/exim4" }] },
  "rabbitmq-server": { users: [{ name: "rabbitmq", uid: 112, home: "/var/lib/rabbitmq" }] },
  "dbus-daemon": { users: [{ name: "messagebus", uid: 111, home: "/nonexistent" }] },
});
