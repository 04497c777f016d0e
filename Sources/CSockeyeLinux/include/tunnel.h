#ifndef SOCKEYE_TUNNEL_H
#define SOCKEYE_TUNNEL_H

#include <linux/virtio_net.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/* Opens a TUN device of at most 15 bytes' name, or makes it. With offload each packet has a struct virtio_net_hdr before
   it, and TCP super-segments pass; with NAPI the kernel polls for packets that are written; with many queues each call for
   that name opens one more. Returns a descriptor that never blocks, or -1 with errno set. */
int sockeye_tunnel_open(const char *name, int offload, int napi, int many_queues);

/* Waits until one of the descriptors of `set` is ready, or so many nanoseconds have passed; forever for a negative
   number. Returns how many are ready, or -1 with errno set: epoll_pwait2 exists only for _GNU_SOURCE. */
int sockeye_epoll_wait(int set, struct epoll_event *events, int count, int64_t nanoseconds);

/* Brings a network interface up, and gives it an MTU unless that is 0. Returns its MTU, or -1 with errno set. */
int sockeye_interface_up(const char *name, int mtu);

#endif
