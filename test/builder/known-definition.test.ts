import assert from "node:assert/strict";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { describe, test } from "node:test";
import { output } from "@pulumi/pulumi/output.js";
import { build, File, hardening, Image, Kernel, Service } from "../../sdk/index.ts";

const later = output("x");
const kernelConfig = "CONFIG_X86=y\n";

describe("an Output that no resource waits for is refused", () => {
  const rows: Readonly<Record<string, Image>> = {
    "services.web.env[0]": new Image({ services: [new Service("web", { image: "nginx", env: { A: later } })] }),
    "services.web.image": new Image({ services: [new Service("web", { image: later })] }),
    "files[0].contents": new Image({ files: [new File("/etc/app.conf", { contents: later })] }),
    "kernel.cmdline": new Image({ kernel: new Kernel({ image: "kernel", cmdline: later }) }),
  };
  const refused = (where: string) => (error: Error & { code?: string }) => {
    assert.equal(error.code, "INVALID_DEFINITION", String(error));
    assert.ok(error.message.startsWith(`${where}: got a value that is not known yet, wanted plain data`), error.message);
    return true;
  };
  for (const [where, image] of Object.entries(rows))
    test(`by build(): ${where}`, () => assert.rejects(build(image, { outputDir: join(tmpdir(), "never-written") }), refused(where)));

  test("by hardening(), where it reads it", async () => {
    await assert.rejects(hardening(rows["kernel.cmdline"] as Image, { kernelConfig }), refused("kernel.cmdline"));
    assert.ok(await hardening(rows["services.web.env[0]"] as Image, { kernelConfig }));
  });
});
