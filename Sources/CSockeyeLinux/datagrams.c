#define _GNU_SOURCE
#include "datagrams.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

int sockeye_keep_datagram_errors(int descriptor, int is_ipv6) {
  int on = 1;
  if (is_ipv6) return setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
  return setsockopt(descriptor, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
}

/* Takes down who reported an error: the address behind it in the control message. */
static void note_reporter(const struct cmsghdr *part, struct sockeye_datagram_error *error) {
  const unsigned char *address = CMSG_DATA(part) + sizeof(struct sock_extended_err);
  sa_family_t family = AF_UNSPEC;
  if (part->cmsg_len >= CMSG_LEN(sizeof(struct sock_extended_err) + sizeof family)) memcpy(&family, address, sizeof family);
  size_t place = 0;
  if (family == AF_INET) {
    error->reporter_length = 4;
    place = offsetof(struct sockaddr_in, sin_addr);
  } else if (family == AF_INET6) {
    error->reporter_length = 16;
    place = offsetof(struct sockaddr_in6, sin6_addr);
  }
  if (part->cmsg_len < CMSG_LEN(sizeof(struct sock_extended_err) + place + error->reporter_length)) error->reporter_length = 0;
  memcpy(error->reporter, address + place, error->reporter_length);
}

static int is_hop_limit(const struct sock_extended_err *error) {
  int is_time_exceeded = (error->ee_origin == SO_EE_ORIGIN_ICMP && error->ee_type == 11) ||
                         (error->ee_origin == SO_EE_ORIGIN_ICMP6 && error->ee_type == 3);
  return is_time_exceeded && error->ee_code == 0;
}

int sockeye_take_datagram_error(int descriptor, struct sockeye_datagram_error *error) {
  /* The error, and the address of whoever reported it. */
  union {
    struct cmsghdr alignment;
    char bytes[CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6))];
  } control;
  for (;;) {
    memset(error, 0, sizeof *error);
    struct iovec data = {.iov_base = error->start, .iov_len = sizeof error->start};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t count = recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT);
    if (count < 0) {
      if (errno == EINTR) continue;
      return 0;
    }
    error->start_length = (size_t)count;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
      int is_error = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                     (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
      struct sock_extended_err reason;
      if (!is_error || part->cmsg_len < CMSG_LEN(sizeof reason)) continue;
      memcpy(&reason, CMSG_DATA(part), sizeof reason);
      int is_reported = reason.ee_origin == SO_EE_ORIGIN_ICMP || reason.ee_origin == SO_EE_ORIGIN_ICMP6;
      if (!is_reported || reason.ee_errno == EMSGSIZE) continue;
      error->is_hop_limit = is_hop_limit(&reason);
      note_reporter(part, error);
      return (int)reason.ee_errno;
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
