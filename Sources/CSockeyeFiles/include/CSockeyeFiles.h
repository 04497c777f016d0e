#ifndef CSOCKEYE_FILES_H
#define CSOCKEYE_FILES_H

#include <stddef.h>
#include <stdint.h>

/// Compresses whole blocks of 64 bytes into a SHA-256 state (FIPS 180-4, section 6.2.2).
///
/// The state is the eight words H0 to H7 in the machine's byte order. The processor's SHA instructions are used where
/// it has them.
void sockeye_sha256_compress(uint32_t state[8], const uint8_t *blocks, size_t count);

/// The same, without the processor's SHA instructions; for tests.
void sockeye_sha256_compress_portable(uint32_t state[8], const uint8_t *blocks, size_t count);

/// Renames a file within a directory, and fails with EEXIST rather than replace anything, a symbolic link included.
///
/// Returns 0, or -1 with errno.
int sockeye_rename_without_replacing(int directory, const char *from, const char *to);

#endif
