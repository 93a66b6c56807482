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

## Where the time of a boot goes

QEMU counts the guest's instructions here, one each nanosecond, and skips what the guest idles (\`-icount shift=0,sleep=off\`). The
figures are then the same in every run. \`test/examples/guest-time.boot.test.ts\` holds the ratio. Measured on 2026-11-30, for
examples/web on one processor:

| until | guest time | what takes it |
|---|---|---|
| a one-line init runs: the floor | 1.58 s | 0.74 s of it are the kernel's tests of its own cryptography, 0.13 s its certificates |
| our init runs | 1.89 s | unpacking 19 MB: zstd and the copies take 17 instructions a byte, its checksum one of them; 7.7 MB are nginx. The files of the kernel's tracing, 0.04 s, are not made |
| modules for devices are in | 2.02 s | nine modules, and the driver of SHA-256. The kernel checks the signature of each by RSA with 4,096 bits (4.2 ms), and hashes it twice: 62 instructions a byte with that driver, 108 without |
| there is an address | 2.18 s | DHCP, while the modules of the firewall are inserted: 1.5 MB, of which nf_tables and nf_conntrack are two thirds |
| the service has started | 2.29 s | the rest of those modules, the rules, and crun twice: libseccomp and the C library take 15 ms |
| it is healthy | 2.31 s | nginx itself, and a check every 10 ms at first |

The ratio is 1.46; against a floor without the files of tracing too, it is 1.49. What would save more:

- \`cryptomgr.notests\` on the command line: 0.74 s of both.
- A service without a network of its own: its fourteen modules, 0.16 s.
- The drivers of other clouds in an archive that is unpacked only there: 1.5 MB, 0.02 s. It takes a decompressor in the init.
- Fewer and longer matches of zstd (\`minMatch\` 6): 0.05 s, for 0.3 MB more.
- No checksum of the segments: 0.02 s. It finds a damaged image.
- Rules that drop until the modules that refuse are in: 0.015 s. Connections that are not allowed would wait meanwhile.

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
