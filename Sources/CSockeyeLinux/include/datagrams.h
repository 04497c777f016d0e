#ifndef SOCKEYE_DATAGRAMS_H
#define SOCKEYE_DATAGRAMS_H

#include <stddef.h>
#include <sys/types.h>

/* The control messages of UDP sockets, which only macros of C can walk. Addresses are sockaddr_in or sockaddr_in6; they are
   passed without a type for the reason that confined_files.h gives. */

/* Has the kernel keep what ICMP says of a socket's datagrams: IP_RECVERR of ip(7), IPV6_RECVERR of ipv6(7). Returns 0, or -1
   with errno set. */
int sockeye_keep_datagram_errors(int descriptor, int is_ipv6);

/* What ICMP said of a datagram beside its errno. */
struct sockeye_datagram_error {
  /* The datagram's front: of an echo request, its header. */
  unsigned char start[8];
  size_t start_length;
  /* The octets of the address of whoever said it: 4 or 16; 0 where that isn't known. */
  unsigned char reporter[16];
  size_t reporter_length;
  /* Whether it crossed as many routers as it was allowed to. */
  int is_hop_limit;
};

/* Takes what ICMP said of one of the socket's datagrams, as an errno; 0 when there is nothing more. That a datagram was too
   large for a link is left out: the kernel has learnt the path's size by it, and cuts the next one. */
int sockeye_take_datagram_error(int descriptor, struct sockeye_datagram_error *error);

/* Sends a datagram from `source`, an address of this machine in the destination's family; what its port is doesn't matter. An
   address that is only valid on one link needs the index of its interface. Returns the count sent, or -1 with errno set. */
ssize_t sockeye_send_datagram_from(int descriptor, const void *bytes, size_t count, const void *destination,
                                   unsigned int destination_length, const void *source, unsigned int interface);

#endif
