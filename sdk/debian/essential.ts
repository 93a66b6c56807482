/**
 * The packages with programs that every Debian 12 system has, so that no package says that it needs them: those that are
 * `Essential: yes` (Debian policy 3.8; a test asks dpkg for the list), and mawk, the `awk` of a new system, on which
 * base-files depends. `sh` is dash.
 */
export const ESSENTIAL: readonly string[] = [
  "dash",
  "bash",
  "coreutils",
  "sed",
  "grep",
  "mawk",
  "findutils",
  "util-linux",
  "bsdutils",
  "debianutils",
  "diffutils",
  "gzip",
  "hostname",
  "tar",
  "perl-base",
  "libc-bin",
  "login",
  "ncurses-bin",
  "sysvinit-utils",
  "init-system-helpers",
  "dpkg",
];
