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

#endif
