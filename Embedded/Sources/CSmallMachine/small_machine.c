#include "small_machine.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { heap_size = 256 << 10, unit = 16 };

/* What stands before each piece of the heap, whose pieces lie one behind another. */
struct piece {
  size_t size;
  size_t is_used;
};

static _Alignas(unit) unsigned char heap[heap_size];
static size_t in_use, peak;

static struct piece *at(size_t offset) { return (struct piece *)(heap + offset); }

/* The first piece that is large enough, neighbours that are free being made one on the way. */
void *malloc(size_t size) {
  if (at(0)->size == 0) at(0)->size = heap_size;
  if (size > heap_size - sizeof(struct piece)) return NULL;
  size_t wanted = (size + unit - 1) / unit * unit + sizeof(struct piece);
  for (size_t offset = 0; offset < heap_size; offset += at(offset)->size) {
    struct piece *piece = at(offset);
    if (piece->is_used) continue;
    while (offset + piece->size < heap_size && !at(offset + piece->size)->is_used) piece->size += at(offset + piece->size)->size;
    if (piece->size < wanted) continue;
    if (piece->size > wanted) *at(offset + wanted) = (struct piece){piece->size - wanted, 0};
    *piece = (struct piece){wanted, 1};
    in_use += wanted;
    if (in_use > peak) peak = in_use;
    return piece + 1;
  }
  errno = ENOMEM;
  return NULL;
}

void free(void *memory) {
  if (!memory) return;
  struct piece *piece = (struct piece *)memory - 1;
  piece->is_used = 0;
  in_use -= piece->size;
}

void *calloc(size_t count, size_t size) {
  if (size && count > heap_size / size) return NULL;
  void *memory = malloc(count * size);
  return memory ? memset(memory, 0, count * size) : NULL;
}

void *realloc(void *memory, size_t size) {
  void *larger = malloc(size);
  if (!memory || !larger) return larger;
  size_t held = ((struct piece *)memory - 1)->size - sizeof(struct piece);
  memcpy(larger, memory, held < size ? held : size);
  free(memory);
  return larger;
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment > unit) return EINVAL;
  *memory = malloc(size);
  return *memory ? 0 : ENOMEM;
}

void *aligned_alloc(size_t alignment, size_t size) { return alignment > unit ? NULL : malloc(size); }

size_t malloc_usable_size(void *memory) { return memory ? ((struct piece *)memory - 1)->size - sizeof(struct piece) : 0; }

void small_machine_report(void) { dprintf(1, "The heap held %zu bytes of %d at most.\n", peak, heap_size); }
