/* How a host scales, over the C interface alone: two hosts in one program, and a wire of a millisecond in virtual time.
 *
 *   directory=$(dirname "$(scripts/library | tail -n 1)")
 *   cc -O2 -I "$directory" Benchmarks/host_scale.c -o host_scale -L "$directory" -lsockeye -Wl,-rpath,"$directory"
 *   ./host_scale
 */
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sockeye.h"

enum { at_once = 10000, in_turn = 1000000, flood = 1000000, waiting = 20000, transfer = 64 << 20, delay_us = 1000, capacity = 1 << 16 };

struct packet {
  uint64_t due;
  size_t length;
  unsigned char bytes[1500];
};

/* What is on its way in one direction, in order. */
struct wire {
  struct packet *ring;
  size_t first, count;
};

static sockeye_host *client, *server;
static struct wire to_server, to_client;
static uint64_t now = 1;
static int listener;
static struct sockaddr_in name = {.sin_family = AF_INET};
/* SYNs from nowhere for each step, while there is a flood. */
static unsigned syns_each_step, syns_sent;

static void check(int is_true, const char *what) {
  if (is_true) return;
  fprintf(stderr, "host_scale: %s\n", what);
  exit(1);
}

static size_t heap(void) {
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void collect(sockeye_host *from, struct wire *wire) {
  while (wire->count < capacity) {
    struct packet *packet = &wire->ring[(wire->first + wire->count) % capacity];
    ssize_t length = sockeye_output(from, packet->bytes, sizeof packet->bytes, NULL);
    if (length <= 0) return;
    packet->due = now + delay_us;
    packet->length = (size_t)length;
    wire->count++;
  }
  check(0, "the wire is full");
}

static void deliver(struct wire *wire, sockeye_host *to) {
  for (; wire->count > 0 && wire->ring[wire->first].due <= now; wire->count--) {
    sockeye_input(to, wire->ring[wire->first].bytes, wire->ring[wire->first].length, now);
    wire->first = (wire->first + 1) % capacity;
  }
}

static uint16_t fold(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)~sum;
}

/* A SYN from an address that doesn't answer. */
static void inject_syn(void) {
  unsigned char packet[40] = {0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 0, 10, 0, 0, 2};
  uint32_t number = syns_sent++;
  packet[13] = (unsigned char)(1 + number / 50000 % 250);
  packet[15] = 77;
  uint16_t port = (uint16_t)(1024 + number % 50000);
  packet[20] = (unsigned char)(port >> 8), packet[21] = (unsigned char)port;
  packet[23] = 80;
  memcpy(packet + 24, &number, 4);
  packet[32] = 0x50, packet[33] = 2, packet[34] = 0xff;
  uint32_t sum = 0;
  for (int i = 0; i < 20; i += 2) sum += (uint32_t)(packet[i] << 8 | packet[i + 1]);
  uint16_t checksum = fold(sum);
  packet[10] = (unsigned char)(checksum >> 8), packet[11] = (unsigned char)checksum;
  sum = 6 + 20;
  for (int i = 12; i < 40; i += 2) sum += (uint32_t)(packet[i] << 8 | packet[i + 1]);
  checksum = fold(sum);
  packet[36] = (unsigned char)(checksum >> 8), packet[37] = (unsigned char)checksum;
  sockeye_input(server, packet, sizeof packet, now);
}

/* Goes on to whatever happens next, a delay at most. */
static void step(void) {
  collect(client, &to_server);
  collect(server, &to_client);
  uint64_t next = now + delay_us;
  if (to_server.count && to_server.ring[to_server.first].due < next) next = to_server.ring[to_server.first].due;
  if (to_client.count && to_client.ring[to_client.first].due < next) next = to_client.ring[to_client.first].due;
  if (sockeye_next_deadline(client) < next) next = sockeye_next_deadline(client);
  if (sockeye_next_deadline(server) < next) next = sockeye_next_deadline(server);
  if (next > now) now = next;
  for (unsigned i = 0; i < syns_each_step && syns_sent < flood; i++) inject_syn();
  deliver(&to_server, server);
  deliver(&to_client, client);
  sockeye_advance(client, now);
  sockeye_advance(server, now);
}

static int open_one(void) {
  int s = sockeye_socket(client, AF_INET, SOCK_STREAM, 0);
  check(s >= 0, "no socket");
  check(sockeye_connect(client, s, (const struct sockaddr *)&name, sizeof name) == -EINPROGRESS, "no connection");
  return s;
}

static int accept_one(void) {
  for (int i = 0; i < 100000; i++) {
    int s = sockeye_accept(server, listener, NULL, NULL);
    if (s >= 0) return s;
    step();
  }
  check(0, "nobody connects");
  return -1;
}

static void start(void) {
  client = sockeye_host_new("ip4=10.0.0.1/8,seed=1", now);
  server = sockeye_host_new("ip4=10.0.0.2/8,seed=2", now);
  check(client && server, "no hosts");
  name.sin_port = htons(80);
  inet_pton(AF_INET, "10.0.0.2", &name.sin_addr);
  listener = sockeye_socket(server, AF_INET, SOCK_STREAM, 0);
  check(sockeye_bind(server, listener, (const struct sockaddr *)&name, sizeof name) == 0, "no port");
  check(sockeye_listen(server, listener, 128) == 0, "no listener");
  to_server.count = to_client.count = 0;
}

static void stop(void) {
  sockeye_host_free(client);
  sockeye_host_free(server);
}

static void idle_connections(void) {
  start();
  size_t before = heap();
  for (int i = 0; i < at_once; i++) {
    open_one();
    accept_one();
  }
  uint64_t quiet = now + 10000000;
  while (now < quiet) step();
  size_t open = heap();
  printf("%d connections at once: %zu bytes for each end, its socket included\n", at_once,
         (open - before) / (2 * at_once));
  stop();
}

/* Connections that the client closes first, so that it keeps each in TIME-WAIT, and as good as nothing else. */
static void time_wait(void) {
  start();
  size_t before = 0;
  for (int i = 0; i < 32 + waiting; i++) {
    int c = open_one(), s = accept_one();
    if (i == 32) before = heap();
    sockeye_close(client, c);
    char byte;
    while (sockeye_recvfrom(server, s, &byte, 1, 0, NULL, NULL) != 0) step();
    sockeye_close(server, s);
  }
  printf("%d connections in TIME-WAIT: %zu bytes for each\n", waiting, (heap() - before) / waiting);
  stop();
}

static void connections_in_turn(void) {
  start();
  double begun = seconds();
  size_t after_tenth = 0;
  for (int i = 0; i < in_turn; i++) {
    int c = open_one(), s = accept_one();
    char byte = 1;
    check(sockeye_sendto(server, s, &byte, 1, 0, NULL, 0) == 1, "nothing is taken");
    sockeye_close(server, s);
    while (sockeye_recvfrom(client, c, &byte, 1, 0, NULL, NULL) != 1) step();
    sockeye_close(client, c);
    if (i == in_turn / 10) after_tenth = heap();
  }
  double elapsed = seconds() - begun;
  printf("%d connections opened, used and closed in turn: %.0f a second of processor time for both ends; ", in_turn,
         in_turn / elapsed);
  printf("the heap grew by %ld bytes over the last 90 %%\n", (long)heap() - (long)after_tenth);
  stop();
}

/* Sends `transfer` bytes over one connection; answers the virtual time that it took in seconds. */
static double transfer_time(int c, int s) {
  static char buffer[1 << 16];
  size_t sent = 0, received = 0;
  uint64_t begun = now;
  while (received < transfer) {
    while (sent < transfer) {
      size_t most = transfer - sent < sizeof buffer ? transfer - sent : sizeof buffer;
      ssize_t count = sockeye_sendto(client, c, buffer, most, 0, NULL, 0);
      if (count <= 0) break;
      sent += (size_t)count;
    }
    ssize_t count;
    while ((count = sockeye_recvfrom(server, s, buffer, sizeof buffer, 0, NULL, NULL)) > 0) received += (size_t)count;
    step();
  }
  return (double)(now - begun) / 1e6;
}

static void syn_flood(void) {
  start();
  int c = open_one(), s = accept_one();
  transfer_time(c, s);
  double quiet_begun = seconds(), quiet = transfer_time(c, s), quiet_processor = seconds() - quiet_begun;
  size_t before = heap();
  syns_each_step = 1000;
  double begun = seconds();
  double flooded = 0;
  unsigned transfers = 0, newcomers = 0;
  while (syns_sent < flood) {
    flooded += transfer_time(c, s);
    transfers++;
    open_one();
    accept_one();
    newcomers++;
  }
  double processor = seconds() - begun;
  printf("%u SYNs from nowhere, a million a second: a transfer keeps %.2f of its rate, %u new clients of %u connect, ",
         syns_sent, quiet * transfers / flooded, newcomers, newcomers);
  printf("the heap grew by %ld KiB, a SYN takes %.0f ns of processor time, a transfer of 64 MiB %.0f ms\n",
         ((long)heap() - (long)before) / 1024, (processor - quiet_processor * transfers) / syns_sent * 1e9,
         quiet_processor * 1e3);
  stop();
}

int main(void) {
  to_server.ring = calloc(capacity, sizeof *to_server.ring);
  to_client.ring = calloc(capacity, sizeof *to_client.ring);
  check(to_server.ring && to_client.ring, "no memory");
  idle_connections();
  time_wait();
  syn_flood();
  connections_in_turn();
  return 0;
}
