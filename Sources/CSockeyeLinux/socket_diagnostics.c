#define _GNU_SOURCE
#include "socket_diagnostics.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct question {
  struct nlmsghdr header;
  struct inet_diag_req_v2 request;
};

/* The inode in an answer to the question with that number; 0 where it is an error or no answer. */
static uint32_t inode_in(const struct nlmsghdr *answer, size_t count, uint32_t number) {
  if (!NLMSG_OK(answer, count) || answer->nlmsg_seq != number || answer->nlmsg_type != SOCK_DIAG_BY_FAMILY) return 0;
  if (answer->nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg))) return 0;
  return ((const struct inet_diag_msg *)NLMSG_DATA(answer))->idiag_inode;
}

static uint32_t ask(int diagnostics, struct question *question) {
  static _Thread_local uint32_t number;
  question->header.nlmsg_seq = ++number;
  union {
    struct nlmsghdr header;
    char bytes[4096];
  } answer;
  if (send(diagnostics, question, sizeof *question, 0) < 0) return 0;
  /* The kernel has answered before send returns; an answer to another question is one that nobody took. */
  for (;;) {
    ssize_t count = recv(diagnostics, &answer, sizeof answer, MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < (ssize_t)sizeof answer.header) return 0;
    if (answer.header.nlmsg_seq == number) return inode_in(&answer.header, (size_t)count, number);
  }
}

uint32_t sockeye_socket_inode(int diagnostics, const struct sockeye_socket_ends *ends) {
  struct question question = {
      .header = {.nlmsg_len = sizeof question, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
      .request = {
          .sdiag_family = (uint8_t)ends->family, .sdiag_protocol = (uint8_t)ends->protocol, .idiag_states = ~0U}};
  struct inet_diag_sockid *id = &question.request.id;
  id->idiag_sport = ends->local_port;
  id->idiag_dport = ends->remote_port;
  memcpy(id->idiag_src, ends->local, sizeof ends->local);
  memcpy(id->idiag_dst, ends->remote, sizeof ends->remote);
  id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  uint32_t inode = ask(diagnostics, &question);
  if (inode != 0 || ends->protocol != IPPROTO_UDP) return inode;
  /* The kernel looks a datagram socket up as for a datagram that arrives: its source is the socket's remote end. */
  id->idiag_sport = ends->remote_port;
  id->idiag_dport = ends->local_port;
  memcpy(id->idiag_src, ends->remote, sizeof ends->remote);
  memcpy(id->idiag_dst, ends->local, sizeof ends->local);
  return ask(diagnostics, &question);
}
