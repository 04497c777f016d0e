/* Compression by the system's zlib, looked for when it is first wanted: neither its headers nor the library have to be there for
   the program to be built and to run. Every Debian has it, since dpkg needs it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Whether there is a zlib. */
int sockeye_gzip_is_there(void);

/* Begins a stream in gzip's format (RFC 1952). Level 1 is the fastest, 9 the slowest. NULL where there is no zlib, or no memory. */
void *sockeye_gzip_open(int level);

/* Compresses. `taken` and `given` tell how much was read and written; is_last ends the stream. Returns 0 when the rest wants more
   room, 1 when everything that came has been taken and nothing waits, -1 if it went wrong. */
int sockeye_gzip_step(void *stream, const uint8_t *input, size_t input_count, uint8_t *output, size_t output_count,
                      int is_last, size_t *taken, size_t *given);

/* Ends a stream, whether or not it came to its end. */
void sockeye_gzip_close(void *stream);
