// A plain echo server on epoll: what a C programmer writes in an afternoon, and what ours is measured against.
//
//   epoll_echo tcp|udp|sink|source   prints the port that it listens on, and serves until it is killed
//
// `sink` reads and drops what arrives; `source` sends without end.

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { buffer_size = 65536, most_events = 256 };

// What a connection could not send yet; nothing is allocated for one that keeps up.
struct connection {
  int descriptor;
  char *unsent;
  size_t begin, end;
};

static int epoll, is_source;
static char buffer[buffer_size];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void watch(struct connection *connection, int operation, unsigned events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(epoll, operation, connection->descriptor, &event) < 0) fail("epoll_ctl");
}

static void forget(struct connection *connection) {
  close(connection->descriptor);
  free(connection->unsent);
  free(connection);
}

static void accept_all(int listener) {
  for (;;) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (descriptor < 0) return;
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *connection = calloc(1, sizeof *connection);
    connection->descriptor = descriptor;
    watch(connection, EPOLL_CTL_ADD, is_source ? EPOLLOUT : EPOLLIN);
  }
}

// Answers whether the connection lives on.
static int echo(struct connection *connection) {
  ssize_t count = read(connection->descriptor, buffer, sizeof buffer);
  if (count <= 0) return count < 0 && errno == EAGAIN;
  ssize_t sent = write(connection->descriptor, buffer, count);
  if (sent < 0) {
    if (errno != EAGAIN) return 0;
    sent = 0;
  }
  if (sent < count) {
    if (!connection->unsent) connection->unsent = malloc(buffer_size);
    connection->begin = 0;
    connection->end = count - sent;
    memcpy(connection->unsent, buffer + sent, count - sent);
    watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
  }
  return 1;
}

static int send_rest(struct connection *connection) {
  ssize_t sent = write(connection->descriptor, connection->unsent + connection->begin, connection->end - connection->begin);
  if (sent < 0) return errno == EAGAIN;
  connection->begin += sent;
  if (connection->begin == connection->end) watch(connection, EPOLL_CTL_MOD, EPOLLIN);
  return 1;
}

static int sink(struct connection *connection) {
  ssize_t count = read(connection->descriptor, buffer, sizeof buffer);
  return count > 0 || (count < 0 && errno == EAGAIN);
}

static int give(struct connection *connection) {
  ssize_t count = write(connection->descriptor, buffer, sizeof buffer);
  return count > 0 || (count < 0 && errno == EAGAIN);
}

static void serve_datagrams(int descriptor) {
  for (;;) {
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    ssize_t count = recvfrom(descriptor, buffer, sizeof buffer, 0, (struct sockaddr *)&peer, &length);
    if (count >= 0) sendto(descriptor, buffer, count, 0, (struct sockaddr *)&peer, length);
  }
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "tcp";
  int is_datagram = !strcmp(mode, "udp");
  is_source = !strcmp(mode, "source");
  int (*serve)(struct connection *) = strcmp(mode, "sink") ? echo : sink;
  int (*proceed)(struct connection *) = is_source ? give : send_rest;
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);

  int listener = socket(AF_INET, (is_datagram ? SOCK_DGRAM : SOCK_STREAM | SOCK_NONBLOCK), 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, length) < 0) fail("bind");
  if (!is_datagram && listen(listener, 4096) < 0) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  if (is_datagram) serve_datagrams(listener);

  epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    struct epoll_event events[most_events];
    int count = epoll_wait(epoll, events, most_events, -1);
    for (int index = 0; index < count; index++) {
      struct connection *connection = events[index].data.ptr;
      if (!connection) {
        accept_all(listener);
      } else if (!(events[index].events & EPOLLOUT ? proceed(connection) : serve(connection))) {
        forget(connection);
      }
    }
  }
}
