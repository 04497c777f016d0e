// Puts load on an echo server or a sink, and prints what came of it as one number.
//
//   talk_load echo PORT CONNECTIONS SIZE SECONDS   round trips a second, all connections together; then the median and the
//                                                  99th percentile of their microseconds
//   talk_load bulk PORT SIZE SECONDS               bytes a second that a sink has acknowledged
//   talk_load take PORT SECONDS                    bytes a second received from a source
//   talk_load stream PORT SECONDS                  bytes a second echoed by a stream that is always full
//   talk_load connect PORT SECONDS                 connections a second, each with one byte echoed, and reset
//   talk_load close PORT SECONDS                   the same, closed in order
//   talk_load udp PORT WINDOW SIZE SECONDS         datagrams a second echoed, so many under way; then how many were lost
//
// PORT is of 127.0.0.1, or an IPv4 address stands before it: 10.0.0.2:7. One thread on epoll, blocking nowhere else.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_events = 256, largest = 1 << 20, slowest_us = 1 << 16 };

static char data[largest], scratch[largest];
static struct sockaddr_in address = {.sin_family = AF_INET};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static int dial(int type) {
  int descriptor = socket(AF_INET, type, 0);
  if (descriptor < 0) fail("socket");
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  int on = 1;
  if (type == SOCK_STREAM) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

static void write_all(int descriptor, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(descriptor, bytes, count);
    if (written < 0) fail("write");
    bytes += written;
    count -= written;
  }
}

struct peer {
  int descriptor;
  size_t received;
  double asked;
};

// Round trips by how long they took.
static long times_us[slowest_us + 1];

static void note_time(double seconds) {
  double time_us = seconds * 1e6;
  times_us[time_us < slowest_us ? (int)time_us : slowest_us]++;
}

static int percentile(double share, long total) {
  long below = 0;
  int time_us = 0;
  while (time_us < slowest_us && (below += times_us[time_us]) < share * total) time_us++;
  return time_us;
}

static void echo(int connections, size_t size, double seconds) {
  int epoll = epoll_create1(0);
  struct peer *peers = calloc(connections, sizeof *peers);
  for (int index = 0; index < connections; index++) {
    peers[index].descriptor = dial(SOCK_STREAM);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &peers[index]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, peers[index].descriptor, &event);
  }
  long rounds = 0;
  double begin = now(), end = begin + seconds;
  for (int index = 0; index < connections; index++) {
    peers[index].asked = begin;
    write_all(peers[index].descriptor, data, size);
  }
  while (now() < end) {
    struct epoll_event events[most_events];
    int count = epoll_wait(epoll, events, most_events, 100);
    for (int index = 0; index < count; index++) {
      struct peer *peer = events[index].data.ptr;
      ssize_t got = read(peer->descriptor, scratch, size - peer->received);
      if (got <= 0) fail("read");
      peer->received += got;
      if (peer->received < size) continue;
      peer->received = 0;
      rounds++;
      double answered = now();
      note_time(answered - peer->asked);
      peer->asked = answered;
      write_all(peer->descriptor, data, size);
    }
  }
  double rate = rounds / (now() - begin);
  printf("%.0f %d %d\n", rate, percentile(0.5, rounds), percentile(0.99, rounds));
}

static void bulk(size_t size, double seconds) {
  int descriptor = dial(SOCK_STREAM);
  double begin = now(), end = begin + seconds, sent = 0;
  while (now() < end) {
    for (int turn = 0; turn < 16; turn++) write_all(descriptor, data, size);
    sent += 16.0 * size;
  }
  // What is still queued has not been delivered.
  double elapsed = now() - begin;
  int queued = 0;
  ioctl(descriptor, SIOCOUTQ, &queued);
  printf("%.0f\n", (sent - queued) / elapsed);
}

static void take(double seconds) {
  int descriptor = dial(SOCK_STREAM);
  double begin = now(), end = begin + seconds, received = 0;
  while (now() < end) {
    for (int turn = 0; turn < 16; turn++) {
      ssize_t got = read(descriptor, scratch, 262144);
      if (got <= 0) fail("read");
      received += got;
    }
  }
  printf("%.0f\n", received / (now() - begin));
}

static void stream(double seconds) {
  int descriptor = dial(SOCK_STREAM);
  fcntl(descriptor, F_SETFL, O_NONBLOCK);
  double begin = now(), end = begin + seconds, received = 0;
  while (now() < end) {
    struct pollfd poll_for = {.fd = descriptor, .events = POLLIN | POLLOUT};
    poll(&poll_for, 1, 100);
    if (poll_for.revents & POLLIN) {
      ssize_t got = read(descriptor, scratch, 262144);
      if (got == 0 || (got < 0 && errno != EAGAIN)) fail("read");
      if (got > 0) received += got;
    }
    if (poll_for.revents & POLLOUT && write(descriptor, data, 262144) < 0 && errno != EAGAIN) fail("write");
  }
  printf("%.0f\n", received / (now() - begin));
}

static void connections(int resets, double seconds) {
  long count = 0;
  double begin = now(), end = begin + seconds;
  while (now() < end) {
    int descriptor = dial(SOCK_STREAM);
    write_all(descriptor, data, 1);
    if (read(descriptor, scratch, 1) != 1) fail("read");
    // A reset spares this machine sixty seconds of TIME-WAIT for each.
    struct linger abort = {.l_onoff = 1};
    if (resets) setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    close(descriptor);
    count++;
  }
  printf("%.0f\n", count / (now() - begin));
}

static void datagrams(int window, size_t size, double seconds) {
  int descriptor = dial(SOCK_DGRAM);
  int room = 1 << 22;
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  struct timeval patience = {.tv_usec = 50000};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  unsigned long sent = 0, received = 0, lost = 0;
  double begin = now(), end = begin + seconds;
  // Each datagram is different: equal ones in a row would be taken for a loop.
  for (int index = 0; index < window; index++) {
    memcpy(data, &sent, sizeof sent);
    if (write(descriptor, data, size) >= 0) sent++;
  }
  while (now() < end) {
    for (int turn = 0; turn < 64; turn++) {
      if (read(descriptor, scratch, size) < 0) {
        // Nothing for a while: what is under way is lost.
        lost += sent - received - lost;
        for (int index = 0; index < window; index++) {
          memcpy(data, &sent, sizeof sent);
          if (write(descriptor, data, size) >= 0) sent++;
        }
        continue;
      }
      received++;
      memcpy(data, &sent, sizeof sent);
      if (write(descriptor, data, size) >= 0) sent++;
    }
  }
  printf("%.0f %lu\n", received / (now() - begin), lost);
}

int main(int argc, char **argv) {
  if (argc < 4) return fprintf(stderr, "see the first lines of talk_load.c\n"), 2;
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  char *port = strchr(argv[2], ':');
  if (port) *port++ = 0;
  address.sin_port = htons(atoi(port ? port : argv[2]));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (port && !inet_aton(argv[2], &address.sin_addr)) return 2;
  const char *mode = argv[1];
  double last = atof(argv[argc - 1]);
  if (!strcmp(mode, "echo") && argc == 6) echo(atoi(argv[3]), atol(argv[4]), last);
  else if (!strcmp(mode, "bulk") && argc == 5) bulk(atol(argv[3]), last);
  else if (!strcmp(mode, "stream") && argc == 4) stream(last);
  else if (!strcmp(mode, "take") && argc == 4) take(last);
  else if (!strcmp(mode, "connect") && argc == 4) connections(1, last);
  else if (!strcmp(mode, "close") && argc == 4) connections(0, last);
  else if (!strcmp(mode, "udp") && argc == 6) datagrams(atoi(argv[3]), atol(argv[4]), last);
  else return 2;
  return 0;
}
