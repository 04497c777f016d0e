#ifndef SOCKEYE_TUNNEL_H
#define SOCKEYE_TUNNEL_H

/* What Glibc's module leaves out, as the headers of the system have it. */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/ioctl.h>
#include <linux/virtio_net.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/* Requests to a TUN device. The headers compute them (_IOW), and Swift imports no macro that computes. */
static const unsigned long SOCKEYE_TUNSETIFF = TUNSETIFF;
static const unsigned long SOCKEYE_TUNSETOFFLOAD = TUNSETOFFLOAD;
static const unsigned long SOCKEYE_TUNSETVNETHDRSZ = TUNSETVNETHDRSZ;

/* Another network namespace for the calling thread: the C library declares it only for _GNU_SOURCE. */
static const int SOCKEYE_CLONE_NEWNET = 0x40000000;
int setns(int descriptor, int kind);

#endif
