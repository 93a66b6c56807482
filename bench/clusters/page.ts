import { KUBERNETES } from "../../test/kubernetes/support/programs.ts";
import { type Column, TITLES } from "./column.ts";
import { KEPT_FREE } from "./kept-free.ts";
import { type Cell, type FigureRow, nodeKinds, nodeRows, ratio, total, under, wholeRows, wordOf } from "./rows.ts";
import { MEMORY_MIB, REST_MS } from "./work.ts";

/** The page docs/clusters-benchmark.md. */
export function clustersPage(columns: readonly Column[]): string {
  const kinds = nodeKinds(columns);
  const titles = columns.map(({ part }) => TITLES[part]);
  const { kernel = "", host = "" } = columns[0] ?? {};
  const days = [...new Set(columns.map(({ day }) => day))];
  const when = days.length === 1 ? days[0] : columns.map(({ part, day }) => `${TITLES[part]} on ${day}`).join(", ");
  const incomplete = columns.flatMap(({ part, incomplete: why }) =>
    why === undefined ? [] : [`- ${TITLES[part]} is incomplete: ${why.split("\n")[0]}`],
  );
  return `# Clusters, measured

\`npm run bench:clusters\` measures the bare OS, [Docker](clusters.md), [Swarm](clusters.md#swarm) with three managers, and
[Kubernetes](clusters.md#kubernetes) ${KUBERNETES} with a control plane and two workers, on one kernel in one run, and writes this page.
Beside them is a Debian 12 of \`debootstrap\` with the same packages of Docker. Each figure has its ratio to the bare OS. Read the
ratios, because the seconds depend on the computer.

Measured on ${when}: ${host}, kernel ${kernel}.
${incomplete.length > 0 ? `\n${incomplete.join("\n")}\n` : ""}
![MB that a machine starts from](benchmarks/clusters-size.svg)

![MB of memory in use at rest](benchmarks/clusters-memory.svg)

![seconds until the workload answers](benchmarks/clusters-start.svg)

![requests that no node answered while an image change rolled](benchmarks/clusters-roll.svg)

## A node

${figureTable(
  kinds.map(({ title }) => title),
  nodeRows(kinds),
)}

- Of several nodes of a kind, the row has the mean.
- Disk is what a machine starts from: the kernel and the compressed root. Debian's is the kernel and the files of its root, which are not
  compressed.
- Ready is healthy, and for a node of a cluster, ready there. Seconds count from QEMU's start. For Debian they end when its container
  answers. All machines of a cluster share the computer's processors.
- Memory is MemTotal less MemAvailable, ${REST_MS / 1000} s after the workload answers, without the ${(KEPT_FREE / 1e6).toFixed(1)} MB that this kernel keeps free on each
  of these machines. It includes the root of the bare OS, Docker and Swarm, which is in memory; those of Kubernetes and Debian are on
  disks. Every machine has ${MEMORY_MIB} MiB and one processor, the control plane twice that.
- Processes and threads are those of the services' control groups, without PID 1 and the kernel's. Debian's meter is not counted.

## As a whole

${figureTable(titles, wholeRows(columns))}

- The workload is one BusyBox web server, in a service of the bare OS and in containers of the others: one in Docker, three replicas in
  Swarm, two in Kubernetes. Machines alone have it in their OS. A cluster is asked for it when it is ready, and both times are added.
- The lost node is ended as by a power cut. It has one replica: in Swarm it is a manager that is not the leader, in Kubernetes a worker.
  All replicas answer again when so many different ones have answered at the nodes that are left. Kubernetes takes a node for lost after
  some 40 s of silence, and leaves its pods for 10 s more, as \`examples/kubernetes/web.json\` asks; its default is 300 s. Nothing starts a
  machine alone again but the next update.
- The image change is one line of a file. Machines are replaced one by one. A client asks every 50 ms, and goes on to the next node
  where one does not answer.

## What an OS holds

Compressed bytes of each part as an initrd has it, with the largest packages in it, unpacked.

${sizeTables(columns)}

## Memory at rest

Bytes of each control group, as \`pulumi-linuxkit status --json\` says them. A group counts files that its services have read, which the
kernel drops where memory is short; what is in use does not count those. So the sum may be more than is in use, and the last row may
be more than it says.

${memoryTables(columns)}

## What is not here

k3s is in no Debian, and its Go module has no version that the Go module proxy serves. So it cannot be built here as the programs
of Kubernetes are.
`;
}

function figureTable(titles: readonly string[], rows: readonly FigureRow[]): string {
  const docker = titles.indexOf(TITLES.docker);
  const debian = titles.indexOf(TITLES.debian);
  const both = docker >= 0 && debian >= 0;
  const bare = titles.indexOf(TITLES.bare);
  const lines = rows.map((row) => {
    const cells = row.cells.map((cell, index) => shown(cell, index === bare ? undefined : ratio(cell, row.cells[bare])));
    const beside = both ? [times(ratio(row.cells[docker], row.cells[debian]))] : [];
    return line([row.what, under(row), ...cells, ...beside]);
  });
  const heads = ["", "under", ...titles, ...(both ? ["Docker beside Debian"] : [])];
  return [line(heads), line(heads.map(() => "---")), ...lines].join("\n");
}

function sizeTables(columns: readonly Column[]): string {
  const tables = columns.flatMap(({ part, sizes }) =>
    sizes
      .filter(({ segments }) => segments.length > 0)
      .map(({ kind, files, segments, packages }) => {
        const rows = segments.map(({ name, bytes }) => {
          const inside = packages.filter((one) => one.part === name).map((one) => `${one.name} ${one.bytes}`);
          return line([name, String(bytes), inside.join(", ")]);
        });
        const whole = files.map(({ name, bytes }) => `${name} ${bytes}`).join(", ");
        const title = kind === "machine" ? TITLES[part] : `${TITLES[part]}, ${kind}`;
        return `### ${title}\n\nA machine starts from ${total(files)} bytes: ${whole}.\n\n${[
          line(["part", "bytes", "packages, unpacked"]),
          line(["---", "---", "---"]),
          ...rows,
        ].join("\n")}`;
      }),
  );
  return tables.join("\n\n");
}

function memoryTables(columns: readonly Column[]): string {
  return columns
    .map(({ part, nodes, accelerator }) => {
      const names = [...new Set(nodes.flatMap(({ memory }) => memory.map(({ name }) => name)))];
      // the rest is the last one of each node
      const order = [...names.filter((name) => name !== nodes[0]?.memory.at(-1)?.name), nodes[0]?.memory.at(-1)?.name ?? ""];
      const rows = order.map((name) =>
        line([name, ...nodes.map(({ memory }) => String(memory.find((one) => one.name === name)?.bytes ?? ""))]),
      );
      const heads = [`${TITLES[part]}, ${wordOf(accelerator)}`, ...nodes.map(({ name }) => name)];
      return [line(heads), line(heads.map(() => "---")), ...rows, line(["in use", ...nodes.map(({ used }) => String(used))])].join("\n");
    })
    .join("\n\n");
}

function shown(cell: Cell | undefined, against: number | undefined): string {
  if (!cell) return "–";
  return [number(cell.value), times(against)].filter(Boolean).join(", ");
}

function number(value: number): string {
  return Number.isInteger(value) || value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

function times(value: number | undefined): string {
  return value === undefined ? "" : `${value.toFixed(value >= 10 ? 0 : value >= 1 ? 1 : 2)} ×`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
