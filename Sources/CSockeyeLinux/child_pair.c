#define _GNU_SOURCE
#include "child_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A pair of Ethernet devices in place of a TUN device: one end is the command's, the other is in a network namespace that has
   nothing else, and a packet socket there is what a TUN device's descriptor would be. */

enum { NEAR_INDEX = 2, MOST_BYTES = 65535 };

struct link_request {
  struct nlmsghdr header;
  struct ifinfomsg link;
  char attributes[512];
};

/* Appends to a request that has room for all that this file appends. */
static struct rtattr *append(struct link_request *request, unsigned short kind, const void *value, size_t count) {
  struct rtattr *attribute = (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));
  attribute->rta_type = kind;
  attribute->rta_len = (unsigned short)RTA_LENGTH(count);
  if (count > 0) memcpy(RTA_DATA(attribute), value, count);
  request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
  return attribute;
}

/* What was appended since is inside of this attribute. */
static void enclose(const struct link_request *request, struct rtattr *attribute) {
  attribute->rta_len = (unsigned short)((const char *)request + request->header.nlmsg_len - (const char *)attribute);
}

/* Without ARP, the command's kernel addresses frames to its own device. The other kernel takes them for somebody else's, and
   leaves them to the packet socket. */
static int make_devices(const struct sockeye_child_plan *plan, int netlink, int other_namespace) {
  const unsigned int most = MOST_BYTES;
  struct link_request request = {
      .header = {
          .nlmsg_len = NLMSG_LENGTH(sizeof request.link),
          .nlmsg_type = RTM_NEWLINK,
          .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK,
      },
      .link = {.ifi_index = (int)plan->device_index, .ifi_flags = IFF_NOARP, .ifi_change = IFF_NOARP},
  };
  append(&request, IFLA_IFNAME, plan->device, strlen(plan->device) + 1);
  append(&request, IFLA_ADDRESS, SOCKEYE_PAIR_FAR, sizeof SOCKEYE_PAIR_FAR);
  struct rtattr *information = append(&request, IFLA_LINKINFO, NULL, 0);
  append(&request, IFLA_INFO_KIND, "veth", sizeof "veth");
  struct rtattr *data = append(&request, IFLA_INFO_DATA, NULL, 0);
  const struct ifinfomsg peer = {.ifi_index = NEAR_INDEX, .ifi_flags = IFF_NOARP, .ifi_change = IFF_NOARP};
  struct rtattr *other = append(&request, VETH_INFO_PEER, &peer, sizeof peer);
  append(&request, IFLA_IFNAME, plan->device, strlen(plan->device) + 1);
  append(&request, IFLA_ADDRESS, SOCKEYE_PAIR_NEAR, sizeof SOCKEYE_PAIR_NEAR);
  append(&request, IFLA_MTU, &most, sizeof most);
  append(&request, IFLA_NET_NS_FD, &other_namespace, sizeof other_namespace);
  enclose(&request, other);
  enclose(&request, data);
  enclose(&request, information);
  return sockeye_netlink_perform(netlink, &request.header);
}

/* Has the command's kernel finish checksums, and so cut super-segments, before packets leave. */
static int turn_offload_off(const struct sockeye_child_plan *plan, int socket) {
  struct ethtool_value off = {.cmd = ETHTOOL_STXCSUM, .data = 0};
  struct ifreq request = {.ifr_data = (char *)&off};
  strncpy(request.ifr_name, plan->device, sizeof request.ifr_name - 1);
  return ioctl(socket, SIOCETHTOOL, &request);
}

/* The namespace has nothing to say by itself. Where this can't be written, what it says reaches nobody. */
static void silence(void) {
  int setting = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
  if (setting < 0) return;
  if (write(setting, "1", 1) < 0) errno = 0;
  close(setting);
}

/* Returns a socket that has each frame from the command's device, and takes those to it; -1 with errno set. */
static int open_end(const struct sockeye_child_plan *plan) {
  int end = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (end < 0) return -1;
  int on = 1, room = 1 << 22;
  /* The system bounds these, and they are asked for only. */
  setsockopt(end, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  setsockopt(end, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  setsockopt(end, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
  const struct sockaddr_ll place = {
      .sll_family = AF_PACKET, .sll_protocol = __builtin_bswap16(ETH_P_ALL), .sll_ifindex = NEAR_INDEX};
  /* One end can be up only when both are there. */
  struct ifreq up = {.ifr_flags = IFF_UP | IFF_NOARP};
  strncpy(up.ifr_name, plan->device, sizeof up.ifr_name - 1);
  if (ioctl(end, SIOCSIFFLAGS, &up) == 0 &&
      (!plan->device_has_header || setsockopt(end, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) == 0) &&
      bind(end, (const struct sockaddr *)&place, sizeof place) == 0)
    return end;
  int number = errno;
  close(end);
  errno = number;
  return -1;
}

/* Makes the devices from this namespace, and opens the socket in the other. Returns -1 with errno set where either fails. */
static int make_between(const struct sockeye_child_plan *plan, int here, int there) {
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0) return -1;
  int end = -1;
  if (make_devices(plan, netlink, there) == 0 && (plan->device_has_header || turn_offload_off(plan, netlink) == 0) &&
      setns(there, CLONE_NEWNET) == 0)
    end = open_end(plan);
  int number = errno;
  close(netlink);
  if (setns(here, CLONE_NEWNET) < 0) _exit(1);
  errno = number;
  return end;
}

int sockeye_child_make_pair(const struct sockeye_child_plan *plan) {
  int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there = -1, end = -1;
  if (here >= 0 && unshare(CLONE_NEWNET) == 0) {
    silence();
    there = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (setns(here, CLONE_NEWNET) < 0) _exit(1);
  }
  if (there >= 0) end = make_between(plan, here, there);
  int number = errno;
  if (here >= 0) close(here);
  if (there >= 0) close(there);
  errno = number;
  return end;
}
