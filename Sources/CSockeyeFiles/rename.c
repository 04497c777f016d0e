#define _GNU_SOURCE
#include "CSockeyeFiles.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

int sockeye_rename_without_replacing(int directory, const char *from, const char *to) {
  if (syscall(SYS_renameat2, directory, from, directory, to, RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return -1;
  }
  // The file system doesn't know the flag. A second link to the file fails just so when the name is taken.
  if (linkat(directory, from, directory, to, 0) != 0) {
    return -1;
  }
  return unlinkat(directory, from, 0);
}
