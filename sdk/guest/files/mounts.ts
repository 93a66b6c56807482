import { shell } from "../shell.ts";

/** `/lib/linuxkit/mounts`: the filesystems of the guest itself. */
export const MOUNTS = shell`# The guest's own filesystems. The root becomes read-only; what is written goes to memory, within bounds.

mount_proc() {
  /bin/busybox mount -t proc -o nosuid,nodev,noexec,hidepid=2 proc /proc
}

mount_base() {
  mount -t devtmpfs -o nosuid,noexec,size=10m,mode=755 devtmpfs /dev
  mkdir -p /dev/pts /dev/shm /dev/mqueue
  # one process for all of them
  mount -a -T /lib/linuxkit/fstab
  mkdir -p /run/log/onboot /run/log/onshutdown /run/linuxkit/services /run/config \
    /var/cache /var/empty /var/lib /var/local /var/lock /var/log /var/opt /var/spool /var/tmp
  chmod 700 /run/linuxkit
  # one by one: a kernel may lack one
  for controller in cpu memory pids; do echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control; done
  chmod 1777 /var/tmp
  ln -s /run /var/run
  ln -s /proc/self/fd /dev/fd
}

# a user namespace gives any user all capabilities within it, and with them code of the kernel that is else closed to
# it; so it takes CAP_SYS_ADMIN, where the kernel has this switch, as Debian's has. A task may set it back.
close_user_namespaces() {
  switch=/proc/sys/kernel/unprivileged_userns_clone
  if [ -e "$switch" ]; then echo 0 >"$switch"; fi
}

# mounts inside containers that are "shared" reach the root, as LinuxKit has it
seal_root() {
  mount --make-rshared /
  mount -o remount,bind,ro /
}

# mount_at TYPE SOURCE OPTIONS DESTINATION
mount_at() {
  mkdir -p "$4" || return
  if [ "$1" ] && [ "$1" != bind ]; then
    mount -t "$1" -o "\${3:-defaults}" "$2" "$4"
  elif [ "$2" ]; then
    mount -o "\${3:-bind}" "$2" "$4"
  else
    mount -o "\${3:-bind}" "$4"
  fi
}

# make_folder PATH [OWNER]
make_folder() {
  mkdir -p "$1" && { [ -z "$2" ] || chown "$2:$2" "$1"; }
}

# bind_root EXTRACTED ROOT: an image that lies in another container's folder
bind_root() {
  mount -o bind "$1" "$2"
}

# open_root EXTRACTED ROOT: in a user namespace the runtime can make mount points only where the machine's seal is taken
# off for it; then it seals the root itself
open_root() {
  bind_root "$1" "$2" && mount -o remount,bind,rw "$2"
}

# overlay_root EXTRACTED BUNDLE: a root that may be written, into memory
overlay_root() {
  overlay_at "$1" "$2/tmp" "$2/rootfs"
}

# overlay_at LOWER TMP FOLDER: the folder belongs to whom LOWER does, which may be a container's own root
overlay_at() {
  mount -t tmpfs tmpfs "$2" &&
    mkdir "$2/upper" "$2/work" &&
    { [ -O "$1" ] || chown "$(stat -c %u:%g "$1")" "$2/upper"; } &&
    mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$3"
}
`;

/** `/lib/linuxkit/fstab`: the filesystems to mount, in order, after `/proc` and `/dev`. */
export const FSTAB = `sysfs /sys sysfs nosuid,nodev,noexec 0 0
securityfs /sys/kernel/security securityfs nosuid,nodev,noexec 0 0
cgroup2 /sys/fs/cgroup cgroup2 nosuid,nodev,noexec,nsdelegate 0 0
devpts /dev/pts devpts nosuid,noexec,gid=5,mode=0620,ptmxmode=0666 0 0
tmpfs /dev/shm tmpfs nosuid,nodev,noexec,mode=1777 0 0
mqueue /dev/mqueue mqueue nosuid,nodev,noexec 0 0
tmpfs /run tmpfs nosuid,nodev,size=10%,mode=755 0 0
tmpfs /tmp tmpfs nosuid,nodev,size=10%,mode=1777 0 0
tmpfs /var tmpfs nosuid,nodev,size=50%,mode=755 0 0
tmpfs /mnt tmpfs nosuid,nodev,noexec,size=1m,mode=755 0 0
`;
