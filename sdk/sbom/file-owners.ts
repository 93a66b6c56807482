/** The lists of files that package managers keep in a tree (dpkg-query(1), "--listfiles"; apk-installed(5)). */
const DPKG_LIST = /^var\/lib\/dpkg\/(?:info|status\.d)\/([^/]+?)(?::[^/:]+)?\.(?:list|md5sums)$/;
const APK = /^(?:usr\/)?lib\/apk\/db\/installed$/;

/** Characters of all lists of a tree. What a longer one says is not known: a hostile image may have any number. */
const MOST = 64 << 20;

/** Collects which package each file of a tree comes from. */
export interface FileOwners {
  /** Whether a file of this path, relative to the tree's root, says so. */
  wants(path: string): boolean;
  add(path: string, text: string): void;
  /** The package of a path. @returns undefined if no package has it */
  ownerOf(path: string): string | undefined;
}

export function fileOwners(): FileOwners {
  const owners = new Map<string, string>();
  let left = MOST;
  return {
    wants: (path) => DPKG_LIST.test(path) || APK.test(path),
    add(path, text) {
      left -= text.length;
      if (left < 0) return;
      const [, name] = DPKG_LIST.exec(path) ?? [];
      if (name === undefined) addApk(text, owners);
      // a list has whole paths, and sums have `DIGEST  PATH`
      else for (const line of text.split("\n")) owners.set(line.replace(/^[0-9a-f]{32} [ *]/, "").replace(/^\//, ""), name);
    },
    // in a merged /usr, packages may still list /bin, /sbin and /lib
    ownerOf: (path) => owners.get(path) ?? owners.get(path.replace(/^usr\/(?=(?:s?bin|lib\w*)\/)/, "")),
  };
}

/** In Alpine's database `P:` begins a package, `F:` a folder, and `R:` a file in it. */
function addApk(text: string, owners: Map<string, string>): void {
  let [name, folder] = ["", ""];
  for (const line of text.split("\n")) {
    const value = line.slice(2);
    if (line.startsWith("P:")) name = value;
    else if (line.startsWith("F:")) folder = value;
    else if (line.startsWith("R:")) owners.set(folder === "" ? value : `${folder}/${value}`, name);
  }
}
