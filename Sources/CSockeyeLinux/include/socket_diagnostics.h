#ifndef SOCKEYE_SOCKET_DIAGNOSTICS_H
#define SOCKEYE_SOCKET_DIAGNOSTICS_H

#include <stdint.h>

/* The two ends of a socket: addresses of 4 bytes with AF_INET, of 16 with AF_INET6, and ports, all in the network's order. */
struct sockeye_socket_ends {
  int32_t family;
  /* IPPROTO_TCP or IPPROTO_UDP. */
  int32_t protocol;
  uint8_t local[16];
  uint8_t remote[16];
  uint16_t local_port;
  uint16_t remote_port;
};

/* Asks the kernel for the socket with those ends (sock_diag(7)), by a netlink socket of the family NETLINK_SOCK_DIAG, which
   knows the sockets of the network that it was made in. Returns its inode's number, or 0 where there is none. */
uint32_t sockeye_socket_inode(int diagnostics, const struct sockeye_socket_ends *ends);

#endif
