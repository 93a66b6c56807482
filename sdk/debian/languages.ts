/** A language whose programs are scripts: its interpreter's path, and how Debian names the packages of its modules. */
interface Language {
  readonly interpreter: RegExp;
  readonly modules: RegExp;
}

/**
 * Debian's names of module packages: Python policy 3.3, Perl policy 4.2, Java policy 2.4, and the names that the Ruby, Node,
 * R, Erlang and Lua teams use. PHP's modules are `php-NAME` and `php8.2-NAME`.
 */
const LANGUAGES: readonly Language[] = [
  { interpreter: /^usr\/bin\/python3(?:\.\d+)?$/, modules: /^(?:lib)?python3(?:\.\d+)?-/ },
  { interpreter: /^usr\/bin\/perl$/, modules: /^(?:lib.+-perl|perl-modules-.+)$/ },
  { interpreter: /^usr\/bin\/ruby\d/, modules: /^ruby(?:\d[\d.]*)?-/ },
  { interpreter: /^usr\/bin\/node(?:js)?$/, modules: /^node-/ },
  { interpreter: /^usr\/lib\/jvm\/[^/]+\/bin\/java$/, modules: /^lib.+-java$/ },
  { interpreter: /^usr\/bin\/php\d/, modules: /^php(?:\d[\d.]*)?-/ },
  { interpreter: /^usr\/lib\/R\/bin\/exec\/R$/, modules: /^r-(?:base-core|cran-.+|bioc-.+|recommended)$/ },
  { interpreter: /^usr\/lib\/erlang\/(?:erts-[^/]+\/)?bin\/erl$/, modules: /^erlang-/ },
  { interpreter: /^usr\/bin\/lua\d/, modules: /^lua-/ },
];

/**
 * Returns a test of package names: whether it has modules of a language whose interpreter is there. Modules are to a script
 * what libraries are to a program.
 *
 * @param has whether a path that matches is there
 */
export function moduleTest(has: (pattern: RegExp) => boolean): (name: string) => boolean {
  const spoken = LANGUAGES.filter(({ interpreter }) => has(interpreter));
  return (name) => spoken.some(({ modules }) => modules.test(name));
}
