#include "CSockeyeGzip.h"
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

/* z_stream, as zlib.h of all versions since 1.2 has it. */
typedef struct {
  const uint8_t *next_in;
  unsigned int avail_in;
  unsigned long total_in;
  uint8_t *next_out;
  unsigned int avail_out;
  unsigned long total_out;
  const char *msg;
  void *state;
  void *zalloc, *zfree, *opaque;
  int data_type;
  unsigned long adler, reserved;
} deflate_stream;

static int (*deflate_init)(deflate_stream *, int, int, int, int, int, const char *, int);
static int (*deflate_step)(deflate_stream *, int);
static int (*deflate_end)(deflate_stream *);

static void look_for_zlib(void) {
  void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return;
  *(void **)&deflate_init = dlsym(library, "deflateInit2_");
  *(void **)&deflate_step = dlsym(library, "deflate");
  *(void **)&deflate_end = dlsym(library, "deflateEnd");
}

int sockeye_gzip_is_there(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, look_for_zlib);
  return deflate_init != NULL && deflate_step != NULL && deflate_end != NULL;
}

void *sockeye_gzip_open(int level) {
  if (!sockeye_gzip_is_there()) return NULL;
  deflate_stream *stream = calloc(1, sizeof *stream);
  if (stream == NULL) return NULL;
  /* Method 8 is deflate; a window of 15 bits, and 16 more for gzip's format; 8 is the usual memory level. */
  if (deflate_init(stream, level, 8, 15 + 16, 8, 0, "1.2.11", (int)sizeof *stream) != 0) {
    free(stream);
    return NULL;
  }
  return stream;
}

int sockeye_gzip_step(void *opened, const uint8_t *input, size_t input_count, uint8_t *output, size_t output_count,
                      int is_last, size_t *taken, size_t *given) {
  enum { no_flush = 0, finish = 4, ok = 0, stream_end = 1, buffer_error = -5 };
  deflate_stream *stream = opened;
  stream->next_in = input;
  stream->avail_in = input_count > UINT_MAX ? UINT_MAX : (unsigned int)input_count;
  stream->next_out = output;
  stream->avail_out = output_count > UINT_MAX ? UINT_MAX : (unsigned int)output_count;
  unsigned int offered = stream->avail_in, room = stream->avail_out;
  int result = deflate_step(stream, is_last ? finish : no_flush);
  *taken = offered - stream->avail_in;
  *given = room - stream->avail_out;
  stream->next_in = NULL;
  stream->next_out = NULL;
  if (result == stream_end) return 1;
  if (result != ok && result != buffer_error) return -1;
  return !is_last && stream->avail_out > 0 && *taken == input_count;
}

void sockeye_gzip_close(void *opened) {
  deflate_stream *stream = opened;
  deflate_end(stream);
  free(stream);
}
