/* Two hosts in one program: a server that echoes, a client that talks to it, and a wire of 10 ms between them, in virtual
 * time. Nothing here waits: the clock goes on to whatever happens next. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "sockeye.h"

enum { wire_capacity = 1024, packet_capacity = 1500, delay_us = 10000 };

struct packet {
  uint64_t due;
  sockeye_host *to;
  size_t length;
  unsigned char bytes[packet_capacity];
};

static struct packet wire[wire_capacity];
static size_t wire_count;
static uint64_t now = 1;

/* Puts what a host wants to send on the wire. */
static void collect(sockeye_host *from, sockeye_host *to) {
  while (wire_count < wire_capacity) {
    struct packet *packet = &wire[wire_count];
    uint64_t emitted;
    ssize_t length = sockeye_output(from, packet->bytes, packet_capacity, &emitted);
    if (length <= 0) return;
    packet->due = emitted + delay_us;
    packet->to = to;
    packet->length = (size_t)length;
    wire_count++;
  }
}

/* Goes on to whatever happens next. Returns 0 when nothing ever will. */
static int step(sockeye_host *a, sockeye_host *b) {
  collect(a, b);
  collect(b, a);
  uint64_t next = sockeye_next_deadline(a);
  if (sockeye_next_deadline(b) < next) next = sockeye_next_deadline(b);
  for (size_t i = 0; i < wire_count; i++)
    if (wire[i].due < next) next = wire[i].due;
  if (next == SOCKEYE_NO_DEADLINE) return 0;
  if (next > now) now = next;
  size_t kept = 0;
  for (size_t i = 0; i < wire_count; i++) {
    if (wire[i].due <= now)
      sockeye_input(wire[i].to, wire[i].bytes, wire[i].length, now);
    else
      wire[kept++] = wire[i];
  }
  wire_count = kept;
  sockeye_advance(a, now);
  sockeye_advance(b, now);
  return 1;
}

static int fail(const char *what, long result) {
  fprintf(stderr, "%s: %s\n", what, strerror(result < 0 ? (int)-result : 0));
  return 1;
}

int main(void) {
  sockeye_host *client_host = sockeye_host_new("ip4=10.0.0.1/24,seed=1", now);
  sockeye_host *server_host = sockeye_host_new("ip4=10.0.0.2/24,seed=2", now);
  if (!client_host || !server_host) return fail("sockeye_host_new", 0);

  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(7)};
  inet_pton(AF_INET, "10.0.0.2", &address.sin_addr);
  const struct sockaddr *name = (const struct sockaddr *)&address;

  int listener = sockeye_socket(server_host, AF_INET, SOCK_STREAM, 0);
  int result = sockeye_bind(server_host, listener, name, sizeof address);
  if (result < 0) return fail("sockeye_bind", result);
  result = sockeye_listen(server_host, listener, 16);
  if (result < 0) return fail("sockeye_listen", result);
  int client = sockeye_socket(client_host, AF_INET, SOCK_STREAM, 0);
  result = sockeye_connect(client_host, client, name, sizeof address);
  if (result != -EINPROGRESS) return fail("sockeye_connect", result);

  static const char greeting[] = "hello through two hosts";
  char answer[sizeof greeting] = {0};
  size_t received = 0;
  int server = -1, sent = 0;
  while (received < sizeof greeting) {
    if (!step(client_host, server_host)) return fail("nothing more happens", 0);
    if (server < 0) server = sockeye_accept(server_host, listener, NULL, NULL);
    if (server >= 0 && sockeye_poll(server_host, server) & POLLIN) {
      char buffer[256];
      ssize_t count = sockeye_recvfrom(server_host, server, buffer, sizeof buffer, 0, NULL, NULL);
      if (count > 0) sockeye_sendto(server_host, server, buffer, (size_t)count, 0, NULL, 0);
    }
    if (!sent && sockeye_poll(client_host, client) & POLLOUT) {
      sockeye_sendto(client_host, client, greeting, sizeof greeting, 0, NULL, 0);
      sent = 1;
    }
    ssize_t count =
        sockeye_recvfrom(client_host, client, answer + received, sizeof greeting - received, 0, NULL, NULL);
    if (count > 0) received += (size_t)count;
  }
  printf("%s, in %llu us of virtual time\n", answer, (unsigned long long)now);
  sockeye_close(client_host, client);
  sockeye_close(server_host, server);
  while (step(client_host, server_host)) {}
  sockeye_host_free(client_host);
  sockeye_host_free(server_host);
  return memcmp(answer, greeting, sizeof greeting) != 0;
}
