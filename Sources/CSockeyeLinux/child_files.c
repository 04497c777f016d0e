#define _GNU_SOURCE
#include "child_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns 0, or -1 with errno set. */
static int write_whole(const char *path, int flags, const struct sockeye_child_file *file) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0644);
  if (descriptor < 0) return -1;
  ssize_t count = write(descriptor, file->bytes, file->count);
  int number = count < 0 ? errno : EIO;
  close(descriptor);
  if (count == (ssize_t)file->count) return 0;
  errno = number;
  return -1;
}

/* A fresh sysfs shows this network's interfaces, and none of the machine's. What the machine has mounted below is in the way
   of whoever looks for its limits there, so control groups are taken along. Where it can't be had, the old one stays. */
static void renew_sysfs(void) {
  if (mkdir("/proc/sys", 0755) < 0) return;
  if (mount("sysfs", "/proc/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) return;
  mount("/sys/fs/cgroup", "/proc/sys/fs/cgroup", NULL, MS_BIND | MS_REC, NULL);
  mount("/proc/sys", "/sys", NULL, MS_MOVE, NULL);
}

enum sockeye_child_step sockeye_child_part_mounts(void) {
  return mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ? SOCKEYE_CHILD_STEP_MOUNTS : SOCKEYE_CHILD_STEP_NONE;
}

enum sockeye_child_step sockeye_child_make_files(const struct sockeye_child_plan *plan) {
  /* The files need a file system of their own until they are in their places. /proc is there on every system, and a new one
     is due anyway. */
  if (mount("tmpfs", "/proc", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") < 0) return SOCKEYE_CHILD_STEP_FILES;
  for (size_t index = 0; index < plan->files_count; index++) {
    char name[] = "/proc/a";
    name[sizeof name - 2] = (char)('a' + index);
    if (write_whole(name, O_CREAT | O_EXCL, &plan->files[index]) < 0) return SOCKEYE_CHILD_STEP_FILES;
    /* Where the machine has no such file, none is missed. */
    if (mount(name, plan->files[index].path, NULL, MS_BIND, NULL) < 0 && errno != ENOENT && errno != ENOTDIR)
      return SOCKEYE_CHILD_STEP_FILES;
  }
  renew_sysfs();
  if (umount2("/proc", MNT_DETACH) < 0) return SOCKEYE_CHILD_STEP_FILES;
  /* In a container whose /proc is covered in part, there is no other one; the one that is there shows more processes. */
  mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  for (size_t index = 0; index < plan->settings_count; index++)
    write_whole(plan->settings[index].path, 0, &plan->settings[index]);
  return SOCKEYE_CHILD_STEP_NONE;
}
