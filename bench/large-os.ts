import { closeSync, existsSync, openSync, statSync, writeSync } from "node:fs";
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { File, type Image } from "pulumi-linuxkit";
import { os as plain } from "./os.ts";

const PIECE_MIB = 512;

/** The web OS with this many MiB of incompressible files, in pieces of 512 MiB; made once in `folder`. */
export function largeOs(folder: string, mib: number): Image {
  const files = Array.from({ length: mib / PIECE_MIB }, (_, index) => {
    const source = join(folder, `random-${index}`);
    if (!existsSync(source) || statSync(source).size !== PIECE_MIB << 20) writeRandom(source);
    return new File(`/srv/large/${index}`, { source, mode: "0644" });
  });
  return plain.with({ files });
}

function writeRandom(path: string): void {
  const buffer = Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, "w");
  for (let written = 0; written < PIECE_MIB; written++) writeSync(file, randomFillSync(buffer));
  closeSync(file);
}
