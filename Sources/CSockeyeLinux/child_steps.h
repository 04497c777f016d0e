#ifndef SOCKEYE_CHILD_STEPS_H
#define SOCKEYE_CHILD_STEPS_H

#include "child.h"

#include <linux/netlink.h>

/* The parts of the child's init. Each step returns SOCKEYE_CHILD_STEP_NONE, or the step that failed, with errno set. */

/* Makes the loopback interface and the device. `*descriptor` is the device's, or -1 where there is none, and `*kind` says of what
   kind it is. */
enum sockeye_child_step sockeye_child_make_network(
    const struct sockeye_child_plan *plan, int *descriptor, enum sockeye_child_device *kind);

/* Makes a pair of Ethernet devices for the command. Returns a packet socket at its other end, or -1 with errno set. */
int sockeye_child_make_pair(const struct sockeye_child_plan *plan);

/* Sends one request and waits for its acknowledgment. Returns 0, or -1 with errno set. */
int sockeye_netlink_perform(int socket, const struct nlmsghdr *request);

/* Puts files, /proc and /sys of the new namespaces in the machine's place, and makes settings. */
enum sockeye_child_step sockeye_child_make_files(const struct sockeye_child_plan *plan);

/* Cuts this process's mounts off from the machine's, so that none of what follows is seen there. */
enum sockeye_child_step sockeye_child_part_mounts(void);

/* Runs as process 1 of the namespaces. */
_Noreturn void sockeye_child_run_init(const struct sockeye_child_plan *plan);

/* Forks without the C library's part, which takes locks that a thread which isn't here may hold. */
pid_t sockeye_bare_fork(unsigned long namespaces);

#endif
