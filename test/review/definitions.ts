import { debian, Image, type ImageArgs, Kernel, OnbootTask, Service, type ServiceArgs } from "../../sdk/index.ts";

/** A web server as `examples/web` has it, with the fields of its service, or the parts of the image, replaced. */
export function web(service: Partial<ServiceArgs> = {}, parts: Partial<ImageArgs> = {}): Image {
  return new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
    init: [debian.init()],
    onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
    services: [webService(service)],
    ...parts,
  });
}

/** The service of {@link web}. */
export function webService(fields: Partial<ServiceArgs> = {}, name = "web"): Service {
  return new Service(name, {
    image: debian.packages({ packages: ["nginx-light"], files: [{ path: "/etc/nginx.conf", contents: "a\nb\nc\n" }] }),
    command: ["nginx"],
    health: { http: { port: 8080 } },
    ...fields,
  });
}
