#define _GNU_SOURCE
#include "confined_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

const int sockeye_O_PATH = O_PATH;
const int sockeye_O_TMPFILE = O_TMPFILE;

int sockeye_openat2(int directory, const uint8_t *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct open_how how;
  memset(&how, 0, sizeof how);
  how.flags = flags;
  how.mode = mode;
  how.resolve = resolve;
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

ssize_t sockeye_pread_cached(int descriptor, void *buffer, size_t count, off_t offset) {
  struct iovec vector = {.iov_base = buffer, .iov_len = count};
  ssize_t result = preadv2(descriptor, &vector, 1, offset, RWF_NOWAIT);
  /* tmpfs has no disk to wait for, and does not know the flag. */
  if (result < 0 && (errno == EOPNOTSUPP || errno == ENOSYS)) return pread(descriptor, buffer, count, offset);
  return result;
}

int sockeye_rename_noreplace(int directory, const uint8_t *from, const uint8_t *to) {
  const char *old_name = (const char *)from, *new_name = (const char *)to;
  if (renameat2(directory, old_name, directory, new_name, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  /* The file system does not know the flag. A second link to the file fails just so when the name is taken. */
  if (linkat(directory, old_name, directory, new_name, 0) != 0) return -1;
  return unlinkat(directory, old_name, 0);
}
