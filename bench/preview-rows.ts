import { join } from "node:path";
import { makeStack } from "../test/support/engine.ts";
import { median } from "./child.ts";
import type { Row } from "./row.ts";
import { timed } from "./timed.ts";

const PAIRS = 5;

/** The web OS, with a page of one line. */
const program = (line: string): string => `
import { debian, Image, ImageBuild, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
const files = [{ path: "/var/www/html/index.html", contents: ${JSON.stringify(`${line}\n`)} }];
const web = debian.packages({ packages: ["nginx-light"], command: ["nginx", "-g", "daemon off;"], files });
const image = new Image({
  kernel: new Kernel({ image: debian.kernel() }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  services: [new Service("web", { image: web, publish: ["80"], health: { tcp: { port: 80 } } })],
});
export const { digest } = new ImageBuild("web", { image });
`;

/** `pulumi preview` of a changed line, in turn with one of no change, under the engine: the difference is what the review takes. */
export async function previewRows(folder: string): Promise<Row[]> {
  const env = { PULUMI_LINUXKIT_CACHE: join(folder, "cache") };
  await using stack = await makeStack({ files: { "index.js": program("one") }, env });
  await stack.up();
  // from here on nothing can be fetched
  await stack.must("config", "set", "linuxkit:debianMirror", "http://127.0.0.1:9/debian");
  const preview = async (line: string, isChanged: boolean): Promise<number> => {
    await stack.write("index.js", program(line));
    let text = "";
    const seconds = await timed(async () => {
      ({ text } = await stack.must("preview"));
    });
    if (text.includes("inside the OS") !== isChanged) throw new Error(`the preview of "${line}" shows\n${text}`);
    return seconds;
  };
  const pairs: (readonly [changed: number, unchanged: number])[] = [];
  for (let pair = 0; pair < PAIRS; pair++) pairs.push([await preview("two", true), await preview("one", false)]);
  return [
    {
      what: "pulumi preview of a changed line",
      value: median(pairs.map(([changed]) => changed)),
      unit: "s",
      floor: median(pairs.map(([, unchanged]) => unchanged)),
      floorIs: "one of no change",
    },
    {
      what: "pulumi preview: added by the review",
      value: median(pairs.map(([changed, unchanged]) => changed - unchanged)),
      unit: "s",
      limit: 1,
    },
  ];
}
