import { debian, File, Service } from "pulumi-linuxkit";
import { os as plain } from "./os.ts";

/** The same with a service that writes the kernel's memory figures where the web server shows them. */
export const os = plain
  .replace(
    new Service("web", {
      ...plain.spec.services.web,
      image: debian.packages({ packages: ["nginx-light"], command: ["nginx", "-g", "daemon off;"] }),
      binds: ["/srv/web:/var/www/html:ro", "/run/meter:/var/www/html/meter:ro"],
      runtime: { mkdir: ["/run/meter"] },
    }),
  )
  .with({
    services: [
      new Service("meter", {
        image: debian.packages({
          packages: ["busybox-static"],
          command: ["/bin/busybox", "sh", "-c", "while :; do cat /proc/meminfo >/out/new; mv /out/new /out/meminfo; sleep 1; done"],
        }),
        binds: ["/run/meter:/out"],
        runtime: { mkdir: ["/run/meter"] },
      }),
    ],
    files: [new File("/srv/web/meter", { directory: true, mode: "0755" })],
  });
