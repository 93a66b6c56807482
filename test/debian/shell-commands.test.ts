import assert from "node:assert/strict";
import { test } from "node:test";
import { shellCommands, UNKNOWN } from "../../sdk/debian/shell-commands.ts";

const ROWS: readonly (readonly [what: string, script: string, commands: readonly (readonly string[])[]])[] = [
  [
    "words and comments",
    "#!/bin/sh\nset -e # stop\nls /a  'b c' \"d\"e\n",
    [
      ["set", "-e"],
      ["ls", "/a", "b c", "de"],
    ],
  ],
  ["a line that goes on", "a \\\n  --b\\\n c\n", [["a", "--b", "c"]]],
  ["signs between commands", "a; b&c && d || e | f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]],
  [
    "redirections",
    "a >/dev/null 2>&1 <in >>log b; c 2>&- d",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  ["a here-document", "cat <<-END >x\nrm -rf /\n\tEND\nls\n", [["cat"], ["ls"]]],
  ["variables", 'x=/usr; y="$x/bin"\na $y ${x}/lib "$y z"', [["a", "/usr/bin", "/usr/lib", "/usr/bin z"]]],
  ["a variable of several words", "x='a b'\nc $x \"$x\" $none", [["c", "a", "b", "a b"]]],
  ["a value that is not known", 'a "$1" ${2:-x} $(date)/y', [["date"], ["a", UNKNOWN, UNKNOWN, `${UNKNOWN}/y`]]],
  [
    "a known value is kept",
    "p=1; p=$(expr $p - 1)\na $p",
    [
      ["expr", "1", "-", "1"],
      ["a", "1"],
    ],
  ],
  [
    "an unset variable",
    "x=1; unset x; a $x b",
    [
      ["unset", "x"],
      ["a", "b"],
    ],
  ],
  ["every branch", 'if [ "$1" = y ]; then a; elif b; then c; else d; fi', [["[", UNKNOWN, "=", "y", "]"], ["a"], ["b"], ["c"], ["d"]]],
  ["case", 'case "$1" in\n  configure) a ;;\n  *) b ;;\nesac\nc', [["a"], ["b"], ["c"]]],
  ["a function and a group", "f() {\n a\n}\n{ b; }\n(c; d)\n! e", [["a"], ["b"], ["c"], ["d"], ["e"]]],
  [
    "loops",
    "for i in a b; do x /$i; for j in 1 2; do y $i$j; done; done; z",
    [["x", "/a"], ["y", "a1"], ["y", "a2"], ["x", "/b"], ["y", "b1"], ["y", "b2"], ["z"]],
  ],
  [
    "a loop over a variable",
    "tools='t u'\nfor i in $tools\ndo\n a $i\ndone",
    [
      ["a", "t"],
      ["a", "u"],
    ],
  ],
  ["a loop over what is not known", "for i in $(ls); do a $i; done", [["a"]]],
  ["while", "while read x; do a; done", [["read", "x"], ["a"]]],
  [
    "backquotes and quotes inside",
    "a \"`b 'c d'`\" '$x' \\$y",
    [
      ["b", "c d"],
      ["a", UNKNOWN, "$x", "$y"],
    ],
  ],
  ["unfinished text", 'a "b', [["a", "b"]]],
  ["unfinished loops and substitutions", "for i in a; do b; $(c", [["b"], ["c"], [UNKNOWN]]],
];

for (const [what, script, commands] of ROWS) test(what, () => assert.deepEqual(shellCommands(script), commands));

test("given parameters are known", () =>
  assert.deepEqual(shellCommands('a "$1" $P', { "1": "configure", P: "x" }), [["a", "configure", "x"]]));

test("a script that would make endless commands is read to a limit", () => {
  const values = Array.from({ length: 100 }, (_, index) => index).join(" ");
  const script = `${"for i in A; do ".repeat(8).replaceAll("A", values)} a $i; ${"done; ".repeat(8)}`;
  const start = process.cpuUsage();
  assert.ok(shellCommands(script).length <= 4096);
  assert.ok(process.cpuUsage(start).user < 30e6);
});
