#ifndef SOCKEYE_CONFINED_FILES_H
#define SOCKEYE_CONFINED_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* openat2(2) has no wrapper in the C library. Returns a descriptor, or -1 with errno set. */
int sockeye_openat2(int directory, const uint8_t *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/* The RESOLVE_ flags of <linux/openat2.h>, which Swift does not import beside <fcntl.h>. */
static const uint64_t SOCKEYE_RESOLVE_NO_MAGICLINKS = 0x02;
static const uint64_t SOCKEYE_RESOLVE_NO_SYMLINKS = 0x04;
static const uint64_t SOCKEYE_RESOLVE_BENEATH = 0x08;

/* O_PATH and O_TMPFILE exist only for _GNU_SOURCE. */
extern const int sockeye_O_PATH;
extern const int sockeye_O_TMPFILE;

/* The C library's, which declares it only for _GNU_SOURCE. */
int syncfs(int descriptor);

/* Reads what is in the page cache and nothing else: -1 with EAGAIN when it would have to wait for a disk. */
ssize_t sockeye_pread_cached(int descriptor, void *buffer, size_t count, off_t offset);

/* Renames within a directory, and fails with EEXIST rather than replace anything, a symbolic link included. Returns 0,
   or -1 with errno set. */
int sockeye_rename_noreplace(int directory, const uint8_t *from, const uint8_t *to);

#endif
