/** What a slim image has of its packages besides the usual. */
export interface SlimChoice {
  /** Patterns of paths to keep although they are usually left out. */
  readonly keep: readonly string[];
  /** Patterns of paths to leave out. */
  readonly leaveOut?: readonly string[] | undefined;
}

/** Folders whose contents are only for people, translations, integration with other software, or maintainer scripts. */
const UNWANTED: readonly string[] = [
  // for people
  "usr/share/doc",
  "usr/share/doc-base",
  "usr/share/man",
  "usr/share/info",
  "usr/share/gtk-doc",
  "usr/share/help",
  "usr/share/locale",
  "usr/share/menu",
  // for Debian's own tools and bug reports
  "usr/share/lintian",
  "usr/share/bug",
  "usr/share/apport",
  "usr/share/reportbug",
  "usr/share/debconf",
  "usr/share/debhelper",
  "usr/share/initramfs-tools",
  "etc/kernel",
  "usr/share/python3/runtime.d",
  "usr/share/ca-certificates/update.d",
  "etc/ca-certificates/update.d",
  // for compiling
  "usr/include",
  "usr/share/pkgconfig",
  "usr/share/aclocal",
  // for shells and editors
  "usr/share/bash-completion",
  "etc/bash_completion.d",
  "usr/share/zsh",
  "usr/share/fish",
  "usr/share/vim",
  "usr/share/emacs",
  // for init systems, log rotation, networking and the like, which images do not contain
  "etc/init.d",
  "etc/default",
  "etc/runit",
  "etc/sv",
  "usr/share/runit",
  "etc/logrotate.d",
  "etc/cron.d",
  "etc/cron.daily",
  "etc/cron.hourly",
  "etc/cron.monthly",
  "etc/cron.weekly",
  "etc/apparmor.d",
  "etc/ufw",
  "etc/network",
  "etc/ppp",
  "etc/dhcp",
  "etc/insserv.conf.d",
  "usr/lib/systemd/system",
  "usr/lib/systemd/user",
  "usr/lib/systemd/ntp-units.d",
  "usr/lib/sysusers.d",
  "usr/lib/tmpfiles.d",
  "usr/lib/NetworkManager",
  "usr/lib/networkd-dispatcher",
  "usr/share/polkit-1",
  "usr/share/metainfo",
  "usr/share/applications",
  "usr/share/pixmaps",
  "usr/share/icons",
  "var/log/runit",
];

const UNWANTED_PATHS: readonly RegExp[] = [
  new RegExp(`^(?:${UNWANTED.map((folder) => folder.replaceAll(".", "\\.")).join("|")})(?:/|$)`),
  /^usr\/lib\/[^/]+\/(?:gconv|pkgconfig)(?:\/|$)/,
  /^usr\/lib\/.*\.l?a$/,
];

/** Whether a slim image leaves out a path of a package (in a merged /usr), unless `keep` matches it. */
export function isUnwanted(path: string): boolean {
  return UNWANTED_PATHS.some((pattern) => pattern.test(path));
}

/**
 * Returns a function that tests whether a path matches one of the patterns. `*` matches any part of a name, `**` matches
 * anything including `/`, and a folder's pattern matches everything in it. A leading `/` is ignored.
 */
export function keeper(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map((pattern) => new RegExp(`^(?:${globExpression(pattern.replace(/^\/+|\/+$/g, ""))})(?:/|$)`));
  return (path) => expressions.some((expression) => expression.test(path));
}

/** The regular expression, as text, for a pattern with `*` and `**`. */
export function globExpression(pattern: string): string {
  return pattern
    .split(/(\*\*|\*)/)
    .map((part) => (part === "**" ? ".*" : part === "*" ? "[^/]*" : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
}
