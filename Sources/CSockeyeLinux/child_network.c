#define _GNU_SOURCE
#include "child_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A device is made in the namespace that is current when /dev/net/tun is opened. Its index is chosen, so that requests about
   it can be written beforehand. */
static enum sockeye_child_step make_tunnel(const struct sockeye_child_plan *plan, int *descriptor) {
  int tunnel = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tunnel < 0) return SOCKEYE_CHILD_STEP_OPEN_TUNNEL;
  unsigned int index = plan->device_index;
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
  strncpy(request.ifr_name, plan->device, sizeof request.ifr_name - 1);
  if (ioctl(tunnel, TUNSETIFINDEX, &index) < 0 || ioctl(tunnel, TUNSETIFF, &request) < 0)
    return SOCKEYE_CHILD_STEP_MAKE_TUNNEL;
  *descriptor = tunnel;
  return SOCKEYE_CHILD_STEP_NONE;
}

/* Sends one request and waits for its acknowledgment. Returns 0, or -1 with errno set. */
static int perform(int socket, const struct nlmsghdr *request) {
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
    if (perform(socket, request) == 0) continue;
    failures++;
    number = errno;
  }
  errno = number;
  return failures;
}

enum sockeye_child_step sockeye_child_make_network(const struct sockeye_child_plan *plan, int *descriptor) {
  *descriptor = -1;
  if (plan->device) {
    enum sockeye_child_step failed = make_tunnel(plan, descriptor);
    if (failed) return failed;
  }
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink < 0 || perform_all(netlink, plan->requests, plan->requests_count) > 0) return SOCKEYE_CHILD_STEP_NETWORK;
  perform_all(netlink, plan->optional_requests, plan->optional_requests_count);
  close(netlink);
  return SOCKEYE_CHILD_STEP_NONE;
}
