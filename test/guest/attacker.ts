import { debian } from "../../sdk/debian/images.ts";

/*
 * A hostile program. Each attack is a block of Perl that returns true if it succeeds. It is in Perl because a shell cannot
 * make system calls by number. Numbers and constants are those of amd64.
 */
const ATTACKS: Readonly<Record<string, string>> = {
  "mount a filesystem": 'call(165, "x", "/tmp", "tmpfs", 0, 0) == 0 && call(166, "/tmp", 0) == 0',
  "mount by the newer calls": 'call(430, "tmpfs", 0) > 0',
  "trace another service": "my $p = victim(); $p && call(101, 16, $p, 0, 0) == 0 && do { waitpid($p, 0); call(101, 17, $p, 0, 0); 1 }",
  "read another service's files": 'my $p = victim(); $p && slurp("/proc/$p/root/run/private") =~ /hush/',
  "read another service's environment": 'my $p = victim(); $p && slurp("/proc/$p/environ") =~ /SECRET=hush/',
  "kill another service": "my $p = victim(); $p && kill(0, $p)",
  "open a raw socket": "socket(S, 2, 3, 1)",
  "open a packet socket": "socket(S, 17, 3, 768)",
  "ask the cloud for credentials":
    'local $SIG{ALRM} = sub { die }; alarm 5; my $t = ""; socket(C, 2, 1, 6) && connect(C, pack("S n C4 x8", 2, 80, 169, 254, 169, 254)) && sysread(C, $t, 99); alarm 0; $t =~ /credentials/',
  "load a module": 'open(M, "<", "/modules/gve.ko") && call(313, fileno(M), "", 0) == 0 && call(176, "gve", 0) == 0',
  "write to its root": 'call(165, "none", "/", "", 0x1020, 0); spill("/new")',
  "read the state of each page of memory": 'length(slurp("/proc/kpageflags")) > 0',
  "read the kernel's use of memory": 'slurp("/proc/slabinfo") =~ /slabinfo/ || slurp("/proc/vmallocinfo") =~ /0x/',
  "read the firmware's tables": 'glob("/sys/firmware/acpi/tables/*")',
  "write to the serial line": 'call(133, "/tmp/line", 0020600, 0x440) == 0 && open(L, ">", "/tmp/line")',
  "change the host name": 'call(170, "host", 4) == 0',
  "write a kernel parameter": 'my $old = slurp("/proc/sys/kernel/panic"); spill("/proc/sys/kernel/panic", $old)',
  "write to sysfs": 'spill("/sys/kernel/mm/ksm/sleep_millisecs", "20")',
  "ask for a system request": 'spill("/proc/sysrq-trigger", "h")',
  "make a user namespace": "inside(sub { call(272, 0x10000000) == 0 })",
  "make a network namespace": "inside(sub { call(272, 0x40000000) == 0 })",
  "make a namespace with clone": "my $p = call(56, 0x20000 | 17, 0, 0, 0, 0); $p == 0 and call(231, 0); $p > 0",
  "make a child of its parent": "inside(sub { my $p = call(56, 0x8000 | 17, 0, 0, 0, 0); $p == 0 and call(231, 0); $p > 0 })",
  "reach the kernel's keys": "call(250, 0, -3, 1) > 0",
  "add a key": 'call(248, "user", "x", "y", 1, -3) > 0',
  "open an io_uring": 'my $b = "\\0" x 120; call(425, 1, $b) >= 0',
  "load a program into the kernel": 'my $b = "\\0" x 120; $! = 0; call(321, 0, $b, 120) < 0 && $! == 22',
  "trap page faults": "call(323, 0) >= 0",
  "watch the machine's performance":
    'my $b = pack("L L Q Q Q Q Q", 1, 112, 0, 1, 0, 0, 0) . ("\\0" x 64); call(298, $b, -1, 0, -1, 0) >= 0',
  "change its root": 'inside(sub { call(161, "/tmp") == 0 })',
  "read the kernel's log": "call(103, 10) > 0",
  "set the clock": 'call(227, 0, pack("Q Q", time, 0)) == 0',
  "open a device that it was not given": 'call(133, "/tmp/log", 0020600, 0x10b) == 0 && open(D, "<", "/tmp/log")',
  "make itself root again": 'inside(sub { system("busybox unshare -Ur busybox true 2>/dev/null") == 0 })',
  "raise its own limits":
    'call(165, "none", "/sys/fs/cgroup", "", 0x1020, 0); grep { spill($_, "max") } glob("/sys/fs/cgroup/pids.max /sys/fs/cgroup/*/pids.max")',
  "see what the machine is told": 'opendir(E, "/run/linuxkit") || opendir(E, "/proc/1/root/run/linuxkit")',
};

// attacks that end when they reach a limit
const EXHAUSTION: Readonly<Record<string, string>> = {
  "start 100 processes":
    "my $n = 0; for (1 .. 100) { my $p = fork; last unless defined $p; if ($p == 0) { sleep 1000; exit } push @pids, $p; $n++ } kill(9, @pids); waitpid($_, 0) for @pids; $n == 100",
  "write 80 MiB to its tmpfs":
    'my $n = 0; open(F, ">", "/tmp/fill"); for (1 .. 80) { $n++ if syswrite(F, "x" x 1048576) == 1048576 } unlink("/tmp/fill"); $n == 80',
};

const PROGRAM = `#!/usr/bin/perl
# neither strict nor warnings: a handle is opened and used in one expression
$| = 1;
my @pids;
sub slurp { open(my $f, '<', $_[0]) or return ''; local $/; my $t = readline($f); defined $t ? $t : '' }
sub spill { open(my $f, '>', $_[0]) or return 0; (print $f defined $_[1] ? $_[1] : 'x') && close($f) }
# a constant is no place for the kernel to read from
sub call { my ($number, @args) = @_; push @args, 0 while @args < 6; syscall($number, @args) }
sub inside { my $p = fork; if ($p == 0) { exit($_[0]->() ? 0 : 1) } waitpid($p, 0); $? == 0 }
sub victim { for my $d (glob '/proc/[0-9]*') { return substr($d, 6) + 0 if slurp("$d/cmdline") =~ /victim-at-work/ } 0 }
my @attacks = (
${Object.entries({ ...ATTACKS, ...EXHAUSTION })
  .map(([name, code]) => `  [q(${name}), sub { ${code} }],`)
  .join("\n")}
);
for my $attack (@attacks) { my $worked = eval { $attack->[1]->() }; print $worked ? "could $attack->[0]\\n" : "no: $attack->[0]: $@$!\\n" }
print "tried\\n";
# the last, for it ends the whole service where there is a limit
print "could take 80 MiB of memory\\n" if inside(sub { my $n = 80 << 20; my $s = 'x' x $n; length($s) == $n });
print "done\\n";
sleep 100000;
`;

/** Names of all the attacks. */
export const ATTACK_NAMES: readonly string[] = [...Object.keys(ATTACKS), ...Object.keys(EXHAUSTION), "take 80 MiB of memory"];

/** An image with the attacks as `/attack`. */
export const attackerImage = () =>
  debian.packages({
    packages: ["perl-base", "busybox-static"],
    files: [
      { path: "attack", mode: "0755", contents: PROGRAM },
      { path: "bin/sh", symlink: "busybox" },
      { path: "modules", directory: true },
    ],
    command: ["/attack"],
  });
