import { spawn } from "node:child_process";

/** Mounts what a container has, and enters the tree. The namespaces end with the program. */
const ENTER = `
root=$1; shift
mkdir -p "$root/proc" "$root/dev" "$root/tmp"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/dev"
for node in null zero full random urandom tty; do : > "$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"; done
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/shm"
exec chroot "$root" "$@"`;

/** How a program ended. */
export interface Ran {
  /** Its exit status; undefined if a signal or the time limit ended it. */
  readonly status: number | undefined;
  readonly output: string;
}

/** Runs a program in an unpacked image, in namespaces of its own, without a network. Needs no root. */
export function runInTree(root: string, command: readonly string[], timeoutMs = 30_000): Promise<Ran> {
  const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", HOME: "/root", TERM: "dumb" };
  return new Promise((resolve, reject) => {
    const child = spawn(
      "unshare",
      [...user, "--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc", "sh", "-c", ENTER, "sh", root, ...command],
      {
        env,
        stdio: ["ignore", "pipe", "pipe"],
        timeout: timeoutMs,
        killSignal: "SIGKILL",
      },
    );
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        if (output.length < 1 << 16) output += text;
      });
    }
    child.on("error", reject);
    child.on("close", (status) => resolve({ status: status ?? undefined, output }));
  });
}
