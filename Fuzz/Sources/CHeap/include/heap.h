#ifndef SOCKEYE_HEAP_H
#define SOCKEYE_HEAP_H

#include <malloc.h>
#include <stddef.h>

/* Bytes of heap that are in use; always the same where a sanitizer has its own heap. */
static inline size_t heap_in_use(void) {
  struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

#endif
