#ifndef SOCKEYE_SHA256_H
#define SOCKEYE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* Compresses whole blocks of 64 bytes into a SHA-256 state (FIPS 180-4, section 6.2.2): the eight words H0 to H7 in
   the machine's byte order. The processor's SHA instructions are used where it has them. */
void sockeye_sha256_compress(uint32_t state[8], const uint8_t *blocks, size_t count);

/* The same, without the processor's SHA instructions; for tests. */
void sockeye_sha256_compress_portable(uint32_t state[8], const uint8_t *blocks, size_t count);

#endif
