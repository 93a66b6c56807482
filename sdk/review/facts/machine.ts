import type { Definition, FileSpec, VolumeSpec } from "../../definition/definition.ts";
import { plainPath } from "../../definition/file.ts";
import { type Fact, type PartFacts, partFacts } from "../fact.ts";
import { parameter, wordRule } from "../rules/command-line.ts";
import { addClientCa } from "./authorities.ts";
import { addImage } from "./image.ts";

type IsSecret = (path: string) => boolean;

/** The facts of a machine beside its containers: kernel, init, hardening, interface, health port. */
export function machineFacts({ kernel, init, harden, api, healthPort }: Definition, isSecret: IsSecret): readonly Fact[] {
  const boot = partFacts(["kernel"], isSecret);
  if (kernel) {
    boot.add("kernel", "", [], true);
    addImage(boot, kernel.image);
    addCommandLine(boot, kernel.cmdline);
    boot.add("setting", "binary", ["binary"], kernel.binary);
    boot.add("setting", "tar", ["tar"], kernel.tar === "" ? "none" : kernel.tar);
    boot.add("setting", "microcode", ["ucode"], kernel.ucode === "" ? undefined : kernel.ucode);
  }
  const base = partFacts(["init"], isSecret);
  for (const source of init) {
    if (typeof source === "string") base.add("init", source, [source], true);
    else addImage(base, source, [`debian ${source.debian.role}`]);
  }
  const hardening = partFacts(["harden"], isSecret);
  hardening.add("profile", "", ["profile"], harden?.profile);
  for (const [name, reason] of Object.entries(harden?.waive ?? {})) hardening.add("waiver", name, ["waive", name], reason);
  const remote = partFacts(["api"], isSecret);
  if (api) {
    remote.add("api", "", [], api.port);
    addClientCa(remote, api.clientCa);
    remote.add("certificate", "", ["certificate"], api.certificate.trim());
    remote.add("private-key", "", ["key"], api.key.trim());
  }
  const health = partFacts(["healthPort"], isSecret);
  health.add("health-port", "", [], healthPort);
  return [boot, base, hardening, remote, health].flatMap(({ list }) => list);
}

/** The facts of a command line: each word by its name. */
export function addCommandLine(facts: PartFacts, cmdline: string): void {
  for (const [name, values] of commandLine(cmdline)) facts.add(wordRule(name), name, ["cmdline", name], values);
}

/** The words of a command line: by name, every value in order; a word without a value has the value "". */
function commandLine(cmdline: string): Map<string, string> {
  const words = new Map<string, string>();
  for (const word of cmdline.split(/\s+/).filter(Boolean)) {
    const [written = ""] = word.split("=", 1);
    const name = parameter(written);
    const value = word.slice(written.length + 1);
    const before = words.get(name);
    words.set(name, before === undefined ? value : `${before} ${value}`);
  }
  return words;
}

export function volumeFacts(
  name: string,
  { image, readonly, format, platforms, persistent }: VolumeSpec,
  isSecret: IsSecret,
): readonly Fact[] {
  const facts = partFacts(["volumes", name], isSecret);
  facts.add("volume", `volume ${name}`, [], true);
  addImage(facts, image);
  facts.add("volume-readonly", "", ["readonly"], readonly ? true : undefined);
  facts.add("setting", "format", ["format"], format === "filesystem" ? undefined : format);
  for (const platform of platforms) facts.add("setting", `platform ${platform}`, ["platforms", platform], true);
  if (persistent) {
    const { label, serial, device, uid, gid, after, timeout } = persistent;
    facts.add("disk", "", ["persistent"], true);
    facts.add("disk-identity", "label", ["persistent", "label"], label);
    facts.add("disk-identity", "serial", ["persistent", "serial"], serial);
    facts.add("disk-identity", "device", ["persistent", "device"], device);
    facts.add("setting", "owner of the disk", ["persistent", "owner"], uid === 0 && gid === 0 ? undefined : `${uid}:${gid}`);
    facts.add("setting", "task before the disk", ["persistent", "after"], after);
    facts.add("setting", "wait for the disk", ["persistent", "timeout"], timeout);
  }
  return facts.list;
}

export function fileFacts(file: FileSpec, isSecret: IsSecret): readonly Fact[] {
  const path = plainPath(file.path);
  const facts = partFacts(["files", path], isSecret);
  const { directory, symlink, contents, source, metadata, sha256, size, optional, mode, uid, gid } = file;
  const kind = directory
    ? "directory"
    : symlink !== undefined
      ? `link to ${symlink}`
      : metadata !== undefined
        ? `the definition as ${metadata}`
        : "file";
  facts.add("file", `file /${path}`, [], kind);
  facts.add("contents", `/${path}`, ["contents"], contents);
  facts.add("setting", "source", ["source"], source);
  facts.add("digest", `/${path}`, ["sha256"], sha256 && `sha256:${sha256}, ${size} bytes`);
  facts.add("setting", "optional", ["optional"], optional);
  if (symlink === undefined) facts.add("mode", `/${path}`, ["mode"], mode?.replace(/^0*(?=...)/, "0"));
  facts.add("owner", `/${path}`, ["owner"], uid === 0 && gid === 0 ? undefined : `${uid}:${gid}`);
  return facts.list;
}
