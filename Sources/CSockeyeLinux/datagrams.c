#define _GNU_SOURCE
#include "datagrams.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int sockeye_keep_datagram_errors(int descriptor, int is_ipv6) {
  int on = 1;
  if (is_ipv6) return setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
  return setsockopt(descriptor, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
}

int sockeye_take_datagram_error(int descriptor) {
  /* The error, and the address of whoever reported it. */
  union {
    struct cmsghdr alignment;
    char bytes[CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6))];
  } control;
  for (;;) {
    struct msghdr message = {.msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    if (recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
      if (errno == EINTR) continue;
      return 0;
    }
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
      int is_error = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                     (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
      struct sock_extended_err error;
      if (!is_error || part->cmsg_len < CMSG_LEN(sizeof error)) continue;
      memcpy(&error, CMSG_DATA(part), sizeof error);
      int is_reported = error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
      if (is_reported && error.ee_errno != EMSGSIZE) return (int)error.ee_errno;
    }
  }
}

ssize_t sockeye_send_datagram_from(int descriptor, const void *bytes, size_t count, const void *destination,
                                   unsigned int destination_length, const void *source, unsigned int interface) {
  union {
    struct cmsghdr alignment;
    char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
  } control = {0};
  struct iovec data = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {
      .msg_name = (void *)destination,
      .msg_namelen = destination_length,
      .msg_iov = &data,
      .msg_iovlen = 1,
      .msg_control = control.bytes,
  };
  struct cmsghdr *part = &control.alignment;
  if (((const struct sockaddr *)destination)->sa_family == AF_INET6) {
    struct in6_pktinfo info = {.ipi6_addr = ((const struct sockaddr_in6 *)source)->sin6_addr};
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) info.ipi6_ifindex = interface;
    *part = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
    memcpy(CMSG_DATA(part), &info, sizeof info);
    message.msg_controllen = CMSG_SPACE(sizeof info);
  } else {
    struct in_pktinfo info = {.ipi_spec_dst = ((const struct sockaddr_in *)source)->sin_addr};
    *part = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof info), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    memcpy(CMSG_DATA(part), &info, sizeof info);
    message.msg_controllen = CMSG_SPACE(sizeof info);
  }
  return sendmsg(descriptor, &message, 0);
}
