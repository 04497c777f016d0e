#ifndef SOCKEYE_CONFINED_FILES_H
#define SOCKEYE_CONFINED_FILES_H

#include <stdint.h>
#include <sys/types.h>

/* openat2(2) has no wrapper in the C library, and Swift can't call syscall(2), which takes any number of arguments. Returns a
   descriptor, or -1 with errno set. */
int sockeye_openat2(int directory, const uint8_t *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/* The RESOLVE_ flags of <linux/openat2.h>, which Swift does not import beside <fcntl.h>. */
static const uint64_t SOCKEYE_RESOLVE_NO_MAGICLINKS = 0x02;
static const uint64_t SOCKEYE_RESOLVE_NO_SYMLINKS = 0x04;
static const uint64_t SOCKEYE_RESOLVE_BENEATH = 0x08;

/* What follows is the C library's, which declares it only for _GNU_SOURCE; that would change what Swift sees of bind and its
   kin. None of its headers is included: what they declare would be this module's for Swift, and not Glibc's. */
extern const int SOCKEYE_O_PATH;
extern const int SOCKEYE_O_TMPFILE;
static const unsigned int SOCKEYE_RENAME_NOREPLACE = 1;
static const int SOCKEYE_RWF_NOWAIT = 8;
struct iovec;
int syncfs(int descriptor);
ssize_t preadv2(int descriptor, const struct iovec *vectors, int count, off_t offset, int flags);
int renameat2(int old_directory, const char *old_path, int new_directory, const char *new_path, unsigned int flags);

/* Extended attributes, which Swift's module of the C library leaves out. */
ssize_t fgetxattr(int descriptor, const char *name, void *value, size_t size);
int fsetxattr(int descriptor, const char *name, const void *value, size_t size, int flags);

#endif
