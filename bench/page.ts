import { figure, ratioOf, type Row, within } from "./row.ts";

/** The page docs/benchmarks.md. */
export function page(rows: readonly Row[], machine: string, day: string): string {
  const table = rows.map((row) => {
    const { what, value, unit, floor, floorIs, limit, limitRatio, leastRatio } = row;
    const ratio = ratioOf(row);
    const bound =
      limit !== undefined
        ? `≤ ${figure(limit, unit)}`
        : limitRatio !== undefined
          ? `≤ ${limitRatio} ×`
          : leastRatio !== undefined
            ? `≥ ${leastRatio} ×`
            : "";
    const verdict = { true: "yes", false: "**no**", undefined: "" }[String(within(row))];
    return `| ${what} | ${figure(value, unit)} | ${floor === undefined ? "" : `${figure(floor, unit)}: ${floorIs}`} | ${ratio === undefined ? "" : `${ratio.toFixed(2)} ×`} | ${bound} | ${verdict} |`;
  });
  return `# Benchmarks

\`npm run bench\` measures everything here in one run and writes this page. Each figure is beside its floor: the same task
without this library, measured in turn on the same machine. Read the ratios, because the seconds depend on the machine.

Measured on ${day}: ${machine}.

[Footprint](footprint.md) compares machines at rest with a Debian 12. [Supervision](supervision.md) measures how killed services
recover.

![seconds to the first answer](benchmarks/boot.svg)

![size](benchmarks/size.svg)

![MB/s beside qemu-img](benchmarks/formats.svg)

![MB/s sent to each cloud's server on loopback, beside its own client](benchmarks/uploads.svg)

| what | figure | floor | ratio | limit | within |
|---|---|---|---|---|---|
${table.join("\n")}

## Beside LinuxKit

Measured on 2026-11-24, with the same kernel and kind of machine, one DHCP task and one BusyBox web server:

| | LinuxKit |
|---|---|
| kernel + initrd | 65.6 MB (14.2 + 51.4 by gzip) |
| QEMU's start to the first answer | 5.4 to 5.8 s (floor 1.4 s) |
| guest memory in use | 167 MB |
| smallest memory that boots | 352 MB |
| \`linuxkit build\`, images cached | 1.6 s, 169 MiB of memory |
`;
}
