#define _GNU_SOURCE
#include "child_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A device is made in the namespace that is current when /dev/net/tun is opened. Its index is chosen, so that requests about
   it can be written beforehand. */
static enum sockeye_child_step make_tunnel(const struct sockeye_child_plan *plan, int *descriptor) {
  int tunnel = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tunnel < 0) return SOCKEYE_CHILD_STEP_OPEN_TUNNEL;
  unsigned int index = plan->device_index;
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
  if (plan->device_has_header) request.ifr_flags |= IFF_VNET_HDR;
  strncpy(request.ifr_name, plan->device, sizeof request.ifr_name - 1);
  if (ioctl(tunnel, TUNSETIFINDEX, &index) < 0 || ioctl(tunnel, TUNSETIFF, &request) < 0)
    return SOCKEYE_CHILD_STEP_MAKE_TUNNEL;
  *descriptor = tunnel;
  return SOCKEYE_CHILD_STEP_NONE;
}

int sockeye_netlink_perform(int socket, const struct nlmsghdr *request) {
  union {
    struct nlmsghdr header;
    char bytes[4096];
  } answer;
  if (send(socket, request, request->nlmsg_len, 0) < 0) return -1;
  ssize_t count = recv(socket, &answer, sizeof answer, 0);
  if (count < 0) return -1;
  if (!NLMSG_OK(&answer.header, (size_t)count) || answer.header.nlmsg_type != NLMSG_ERROR) {
    errno = EPROTO;
    return -1;
  }
  errno = -((const struct nlmsgerr *)NLMSG_DATA(&answer.header))->error;
  return errno == 0 ? 0 : -1;
}

/* Returns how many requests failed; errno says why the last one did. */
static int perform_all(int socket, const void *requests, size_t count) {
  int failures = 0, number = 0;
  const struct nlmsghdr *request = requests;
  for (size_t rest = count; NLMSG_OK(request, rest); request = NLMSG_NEXT(request, rest)) {
    if (sockeye_netlink_perform(socket, request) == 0) continue;
    failures++;
    number = errno;
  }
  errno = number;
  return failures;
}

/* A socket that is told of IPv6 routes, or -1. */
static int listen_for_routes(void) {
  int routes = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV6_ROUTE};
  struct timeval patience = {.tv_sec = 1};
  if (routes < 0) return -1;
  if (bind(routes, (const struct sockaddr *)&group, sizeof group) == 0 &&
      setsockopt(routes, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0)
    return routes;
  close(routes);
  return -1;
}

static int is_route_to(const struct nlmsghdr *message, const void *address) {
  const struct rtmsg *route = NLMSG_DATA(message);
  if (message->nlmsg_type != RTM_NEWROUTE || route->rtm_type != RTN_LOCAL) return 0;
  int rest = (int)RTM_PAYLOAD(message);
  for (const struct rtattr *part = RTM_RTA(route); RTA_OK(part, rest); part = RTA_NEXT(part, rest))
    if (part->rta_type == RTA_DST && RTA_PAYLOAD(part) == 16) return memcmp(RTA_DATA(part), address, 16) == 0;
  return 0;
}

/* An IPv6 address receives nothing before the kernel has a route to it, which it makes some time after it has acknowledged the
   address; what was answered to a command's first packets would be lost. */
static void wait_for_route(int routes, const void *address) {
  union {
    struct nlmsghdr header;
    char bytes[8192];
  } news;
  ssize_t count;
  while ((count = recv(routes, &news, sizeof news, 0)) > 0) {
    size_t rest = (size_t)count;
    for (const struct nlmsghdr *message = &news.header; NLMSG_OK(message, rest); message = NLMSG_NEXT(message, rest))
      if (is_route_to(message, address)) return;
  }
}

/* Where TUN is closed, a pair of Ethernet devices does instead; where there is none either, TUN is what is told of. */
static enum sockeye_child_step make_device(
    const struct sockeye_child_plan *plan, int *descriptor, enum sockeye_child_device *kind) {
  *kind = SOCKEYE_CHILD_DEVICE_TUNNEL;
  enum sockeye_child_step failed = make_tunnel(plan, descriptor);
  if (failed != SOCKEYE_CHILD_STEP_OPEN_TUNNEL) return failed;
  int number = errno;
  *kind = SOCKEYE_CHILD_DEVICE_PAIR;
  *descriptor = sockeye_child_make_pair(plan);
  errno = number;
  return *descriptor < 0 ? failed : SOCKEYE_CHILD_STEP_NONE;
}

enum sockeye_child_step sockeye_child_make_network(
    const struct sockeye_child_plan *plan, int *descriptor, enum sockeye_child_device *kind) {
  *descriptor = -1;
  if (plan->device) {
    enum sockeye_child_step failed = make_device(plan, descriptor, kind);
    if (failed) return failed;
  }
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0 || perform_all(netlink, plan->requests, plan->requests_count) > 0) return SOCKEYE_CHILD_STEP_NETWORK;
  int routes = plan->awaited_address ? listen_for_routes() : -1;
  int failures = perform_all(netlink, plan->optional_requests, plan->optional_requests_count);
  if (routes >= 0 && failures == 0) wait_for_route(routes, plan->awaited_address);
  if (routes >= 0) close(routes);
  close(netlink);
  return SOCKEYE_CHILD_STEP_NONE;
}
