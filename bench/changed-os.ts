import { debian, Service } from "pulumi-linuxkit";
import { os as plain } from "./os.ts";

/** The same with another line in a file of its one service: the environment's BENCH_LINE. */
export const os = plain.replace(
  new Service("web", {
    ...plain.spec.services.web,
    image: debian.packages({
      packages: ["nginx-light"],
      command: ["nginx", "-g", "daemon off;"],
      files: [{ path: "etc/nginx/conf.d/bench.conf", contents: `# ${process.env.BENCH_LINE ?? ""}\n` }],
    }),
  }),
);
