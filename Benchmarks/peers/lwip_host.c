// A host of lwIP on a TUN device, with the services of `sockeye host` that are measured.
//
//   lwip_host NAME ADDRESS plain|napi   cc -O2 lwip_host.c $(pkg-config --cflags --libs lwip)
//
// Serves echo at port 7, a sink at 9 and a source at 19; prints 7 when it is ready, and runs until it is killed. It uses
// the raw API on one thread, which is lwIP at its quickest: a packet's arrival calls the application. Sizes are those that
// the library was compiled with (Debian's: an MTU of 1500, a window and a send buffer of 65,535 bytes).

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <lwip/init.h>
#include <lwip/ip.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>

enum { mtu = 1500, batch = 64 };

static int tunnel;
static char noise[1 << 16];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void open_tunnel(const char *name, int flags) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | flags};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  tunnel = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (tunnel < 0 || ioctl(tunnel, TUNSETIFF, &request) < 0) fail("/dev/net/tun");
}

// lwIP asks for packets in one piece (LWIP_NETIF_TX_SINGLE_PBUF), so there is nothing to gather.
static err_t send_packet(struct netif *netif, struct pbuf *packet, const ip4_addr_t *next) {
  (void)netif, (void)next;
  return write(tunnel, packet->payload, packet->len) < 0 ? ERR_IF : ERR_OK;
}

static err_t begin(struct netif *netif) {
  netif->output = send_packet;
  netif->mtu = mtu;
  netif->flags |= NETIF_FLAG_LINK_UP;
  return ERR_OK;
}

static void receive_packets(struct netif *netif) {
  for (int count = 0; count < batch; count++) {
    struct pbuf *packet = pbuf_alloc(PBUF_RAW, mtu, PBUF_RAM);
    if (!packet) return;
    ssize_t length = read(tunnel, packet->payload, mtu);
    if (length <= 0) {
      pbuf_free(packet);
      return;
    }
    packet->len = packet->tot_len = length;
    if (netif->input(packet, netif) != ERR_OK) pbuf_free(packet);
  }
}

static err_t echo(void *context, struct tcp_pcb *connection, struct pbuf *data, err_t error) {
  (void)context, (void)error;
  if (!data) return tcp_close(connection);
  // What is refused, lwIP offers again.
  if (tcp_sndbuf(connection) < data->tot_len) return ERR_MEM;
  for (struct pbuf *part = data; part; part = part->next) tcp_write(connection, part->payload, part->len, TCP_WRITE_FLAG_COPY);
  tcp_recved(connection, data->tot_len);
  pbuf_free(data);
  return tcp_output(connection);
}

static err_t take(void *context, struct tcp_pcb *connection, struct pbuf *data, err_t error) {
  (void)context, (void)error;
  if (!data) return tcp_close(connection);
  tcp_recved(connection, data->tot_len);
  pbuf_free(data);
  return ERR_OK;
}

static err_t give(void *context, struct tcp_pcb *connection, u16_t acknowledged) {
  (void)context, (void)acknowledged;
  // Whole segments, and as many as there is room for.
  int room = tcp_sndbuf(connection), segments = TCP_SND_QUEUELEN - tcp_sndqueuelen(connection);
  while (room >= tcp_mss(connection) && segments-- > 0) {
    if (tcp_write(connection, noise, tcp_mss(connection), TCP_WRITE_FLAG_MORE) != ERR_OK) break;
    room = tcp_sndbuf(connection);
  }
  return tcp_output(connection);
}

static err_t accept_connection(void *service, struct tcp_pcb *connection, err_t error) {
  if (error != ERR_OK || !connection) return ERR_VAL;
  tcp_nagle_disable(connection);
  tcp_recv(connection, service == echo ? echo : take);
  if (service != give) return ERR_OK;
  tcp_sent(connection, give);
  return give(NULL, connection, 0);
}

static void serve(int port, void *service) {
  struct tcp_pcb *listener = tcp_new();
  if (tcp_bind(listener, IP4_ADDR_ANY, port) != ERR_OK) fail("bind");
  listener = tcp_listen_with_backlog(listener, 255);
  tcp_arg(listener, service);
  tcp_accept(listener, accept_connection);
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "see the first lines of lwip_host.c\n"), 2;
  open_tunnel(argv[1], strcmp(argv[3], "napi") ? 0 : IFF_NAPI);
  lwip_init();
  ip4_addr_t address, mask, gateway = {0};
  if (!ip4addr_aton(argv[2], &address)) return fprintf(stderr, "not an address: %s\n", argv[2]), 2;
  IP4_ADDR(&mask, 255, 255, 255, 0);
  struct netif netif;
  netif_add(&netif, &address, &mask, &gateway, NULL, begin, ip4_input);
  netif_set_default(&netif);
  netif_set_up(&netif);
  serve(7, echo);
  serve(9, take);
  serve(19, give);
  puts("7");
  fflush(stdout);
  for (;;) {
    struct pollfd ready = {.fd = tunnel, .events = POLLIN};
    poll(&ready, 1, (int)LWIP_MIN(sys_timeouts_sleeptime(), 1000));
    receive_packets(&netif);
    sys_check_timeouts();
  }
}
