/**
 * The NVD's vendor and product of Debian's source packages (NVD, Official CPE Dictionary). Only packages whose names are
 * not in doubt are here: a wrong name is a false finding.
 */
const NAMES: Readonly<Record<string, string>> = {
  linux: "o:linux:linux_kernel",
  openssl: "a:openssl:openssl",
  openssh: "a:openbsd:openssh",
  curl: "a:haxx:curl",
  glibc: "a:gnu:glibc",
  bash: "a:gnu:bash",
  zlib: "a:zlib:zlib",
  nginx: "a:f5:nginx",
  apache2: "a:apache:http_server",
  haproxy: "a:haproxy:haproxy",
  redis: "a:redis:redis",
  memcached: "a:memcached:memcached",
  mariadb: "a:mariadb:mariadb",
  "postgresql-15": "a:postgresql:postgresql",
  sqlite3: "a:sqlite:sqlite",
  "python3.11": "a:python:python",
  perl: "a:perl:perl",
  nodejs: "a:nodejs:node.js",
  busybox: "a:busybox:busybox",
  runc: "a:linuxfoundation:runc",
  crun: "a:crun_project:crun",
  systemd: "a:systemd_project:systemd",
  bind9: "a:isc:bind",
  unbound: "a:nlnetlabs:unbound",
  expat: "a:libexpat_project:libexpat",
  "xz-utils": "a:tukaani:xz",
  libxml2: "a:xmlsoft:libxml2",
  git: "a:git-scm:git",
};

/** The CPE 2.3 name (NISTIR 7695, 6.2) of a Debian source package, with the version of its upstream; undefined if it is not known. */
export function cpeOf(source: string, version: string): string | undefined {
  const name = NAMES[source];
  if (name === undefined) return undefined;
  // a Debian version is [EPOCH:]UPSTREAM[-REVISION] (Debian policy 5.6.12); a repacked one has +dfsg
  const upstream = version
    .replace(/^\d+:/, "")
    .replace(/-[^-]*$/, "")
    .replace(/[+~](?:dfsg|ds|debian|deb\d+u).*$/, "");
  const escaped = upstream.replace(/[^A-Za-z0-9._]/g, (character) => `\\${character}`);
  return `cpe:2.3:${name}:${escaped}:*:*:*:*:*:*:*`;
}
