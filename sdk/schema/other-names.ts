/**
 * What other tools call a field: Docker and its Compose file (docs.docker.com, "Services top-level elements"), Kubernetes
 * (Container v1 core), systemd (systemd.service(5)) and Pulumi. Only names that the object at hand accepts are offered.
 */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  args: ["command"],
  cap_add: ["capabilities"],
  cmd: ["command"],
  cpus: ["resources"],
  data: ["contents"],
  depends_on: ["after"],
  dependsOn: ["after"],
  entrypoint: ["command"],
  environment: ["env"],
  group: ["gid"],
  healthcheck: ["health"],
  healthCheck: ["health"],
  host: ["to"],
  labels: ["annotations"],
  link: ["symlink"],
  livenessProbe: ["health"],
  logging: ["log"],
  mem_limit: ["resources"],
  memory: ["resources", "memoryMiB"],
  needs: ["after"],
  network: ["net"],
  network_mode: ["net"],
  networks: ["net"],
  owner: ["uid"],
  permissions: ["mode"],
  ports: ["publish"],
  readinessProbe: ["health"],
  read_only: ["readonly"],
  restartPolicy: ["restart"],
  run: ["command"],
  security_opt: ["seccomp"],
  stop_grace_period: ["stopTimeout"],
  stop_signal: ["stopSignal"],
  sysctls: ["sysctl"],
  target: ["symlink"],
  text: ["contents"],
  ulimits: ["rlimits"],
  user: ["uid"],
  volumes: ["binds"],
  workdir: ["cwd"],
  workingDir: ["cwd"],
  working_dir: ["cwd"],
};

/** The field that is meant by another tool's name for it: `: it is called "publish" here`, or nothing. */
export function ourName(name: string, known: readonly string[]): string {
  const ours = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name]?.find((one) => known.includes(one)) : undefined;
  return ours === undefined ? "" : `: it is called "${ours}" here`;
}
