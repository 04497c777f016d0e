#define _GNU_SOURCE
#include "confined_files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

const int SOCKEYE_O_PATH = O_PATH;
const int SOCKEYE_O_TMPFILE = O_TMPFILE;

int sockeye_openat2(int directory, const uint8_t *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}
