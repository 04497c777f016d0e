#ifndef SOCKEYE_SMALL_MACHINE_H
#define SOCKEYE_SMALL_MACHINE_H

/* A machine whose heap is 256 KiB: malloc and its like give out nothing else. */

/* Writes how much of the heap was in use at most, the allocator's own overhead included. */
void small_machine_report(void);

#endif
