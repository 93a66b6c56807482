import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { alternativesOf, chosenAlternatives } from "../../sdk/debian/alternatives.ts";

const read = (postinst: string) => alternativesOf(postinst, "tool", "amd64");

describe("a postinst declares alternatives", () => {
  test("on one line, over several lines, and with slaves", () => {
    assert.deepEqual(
      read(`#!/bin/sh
if [ "$1" = "configure" ]; then
  update-alternatives --quiet \\
    --install /bin/nc nc /bin/nc.openbsd 50 \\
    --slave /bin/netcat netcat /bin/nc.openbsd
fi
update-alternatives --install /usr/lib/libblas.so.3 libblas.so.3-x /usr/lib/blas/libblas.so.3 10`),
      [
        {
          link: "/bin/nc",
          name: "nc",
          path: "/bin/nc.openbsd",
          priority: 50,
          slaves: [{ link: "/bin/netcat", name: "netcat", path: "/bin/nc.openbsd" }],
        },
        { link: "/usr/lib/libblas.so.3", name: "libblas.so.3-x", path: "/usr/lib/blas/libblas.so.3", priority: 10, slaves: [] },
      ],
    );
  });
  test("in a loop with variables", () => {
    const found = read(`
basedir=/usr/lib/jvm/java-17
priority=1711
tools='java keytool'
for i in $tools; do
  unset slave1 || true
  if [ -e $basedir/man/$i.1.gz ]; then
    slave1="--slave \\
      /usr/share/man/man1/$i.1.gz \\
      $i.1.gz \\
      $basedir/man/$i.1.gz"
  fi
  update-alternatives --install /usr/bin/$i $i $basedir/bin/$i $priority $slave1
done`);
    assert.deepEqual(
      found.map(({ link, path, priority, slaves }) => [link, path, priority, slaves.map((slave) => slave.name)]),
      [
        ["/usr/bin/java", "/usr/lib/jvm/java-17/bin/java", 1711, ["java.1.gz"]],
        ["/usr/bin/keytool", "/usr/lib/jvm/java-17/bin/keytool", 1711, ["keytool.1.gz"]],
      ],
    );
  });
});

describe("no alternative is read from", () => {
  for (const [what, script] of Object.entries({
    "a removal": "update-alternatives --remove nc /bin/nc.openbsd",
    "a value that is not known": "update-alternatives --install /bin/nc nc $(which nc) 50",
    "a relative path": "update-alternatives --install bin/nc nc /bin/nc.openbsd 50",
    "a path that climbs": "update-alternatives --install /usr/bin/../../etc/passwd nc /bin/nc 50",
    "a target that climbs": "update-alternatives --install /bin/nc nc /bin/../../x 50",
    "a name with a slash": "update-alternatives --install /bin/nc ../../etc/shadow /bin/nc.openbsd 50",
    "no priority": "update-alternatives --install /bin/nc nc /bin/nc.openbsd",
    "text that only mentions it": "echo update-alternatives --install /bin/nc nc /bin/nc.openbsd 50",
    "a here-document": "cat <<EOF\nupdate-alternatives --install /bin/nc nc /bin/nc.openbsd 50\nEOF",
  }))
    test(what, () => assert.deepEqual(read(script), []));
});

test("the choice with the highest priority that is there wins, with its slaves that are there", () => {
  const choice = (path: string, priority: number, slaves: string[] = []) => ({
    link: "/usr/bin/awk",
    name: "awk",
    path,
    priority,
    slaves: slaves.map((name) => ({ link: `/usr/bin/${name}`, name, path: `/usr/bin/${path.slice(9)}-${name}` })),
  });
  const all = [choice("/usr/bin/mawk", 5, ["nawk", "igawk"]), choice("/usr/bin/gawk", 10, ["nawk"]), choice("/usr/bin/gone", 90)];
  const links = (there: string[]) => chosenAlternatives(all, (path) => there.includes(path)).map(({ link, path }) => `${link} ${path}`);
  assert.deepEqual(links(["usr/bin/mawk", "usr/bin/gawk", "usr/bin/gawk-nawk"]), [
    "/usr/bin/awk /usr/bin/gawk",
    "/usr/bin/nawk /usr/bin/gawk-nawk",
  ]);
  assert.deepEqual(links(["usr/bin/mawk", "usr/bin/mawk-igawk"]), ["/usr/bin/awk /usr/bin/mawk", "/usr/bin/igawk /usr/bin/mawk-igawk"]);
  assert.deepEqual(links([]), []);
});
