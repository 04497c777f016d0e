/* Sockeye: a TCP/IP host in a library.
 *
 * Everything is non-blocking and belongs to the calling thread: no hidden threads, no clock read, no global state. Times are
 * microseconds of a clock of the caller's choice that never goes back. Errors are returned as -errno, with Linux's numbers,
 * and so are all other numbers and structures of the socket interface.
 *
 * Packets are bare IP packets. Drive a host like this:
 *
 *     sockeye_input(host, packet, length, now);              for each packet that arrives
 *     sockeye_advance(host, now);                            when sockeye_next_deadline(host) has come
 *     while ((n = sockeye_output(host, buffer, sizeof buffer, NULL)) > 0) ...    after these, and after any socket call
 */
#ifndef SOCKEYE_H
#define SOCKEYE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sockeye_host sockeye_host;
#define SOCKEYE_NO_DEADLINE UINT64_MAX

/* A host, configured by a comma-separated list of key=value; NULL if the list is wrong, an unknown key included, or there is
 * no secret to be had. Why is then written to `why`, ended by a NUL and cut off at `why_capacity` bytes; `why` may be NULL.
 *
 * All that others must not guess derives from one secret: initial sequence numbers, ports, cookies, identifications, the
 * offsets of timestamps, the keys of hash tables. It is one of these, the first that there is:
 *
 *     `secret`   secret_length bytes, at least 32 and all of them unpredictable: from getrandom(2), or a generator of random
 *                numbers in hardware. Fewer are an error. They are copied; wipe yours. Use no secret twice.
 *     seed=N     in the configuration: for simulations only. A run with the same seed is the same. Whoever tries out seeds
 *                finds it, so a host that talks to others must not have one.
 *     otherwise  32 bytes of getrandom(2), which waits until the machine has gathered enough; NULL if it has none to give. */
sockeye_host *sockeye_host_create(const char *configuration, const void *secret, size_t secret_length,
                                  uint64_t now_us, char *why, size_t why_capacity);
/* The keys of a configuration. Times are milliseconds, sizes bytes, switches 0 or 1.
 *
 *     ip4 ip6                    address/prefix; may be repeated
 *     gateway4 gateway6          where packets for elsewhere go; without one they go nowhere
 *     mtu                        the largest packet: 68 to 65535, at least 1280 with an ip6 (default 1500)
 *     offload                    1: TCP packets may be as large as sockeye_output's buffer, for somebody else to cut
 *     initial_receive_window     offered in the SYN, exactly: 0 to 65535 (default 65535)
 *     receive_buffer             what may wait to be read, at the start (default 131072)
 *     send_buffer                what may be written ahead of acknowledgments; unless it is set, it follows the congestion
 *                                window, from 65536 to 4194304
 *     autotune                   the receive buffer grows with what is read, to 6291456 (default 1)
 *     memory                     what all connections' buffers take together, 0 for no limit (default 268435456); from three
 *                                quarters of it on they shrink, and at the limit new connections are refused
 *     initial_congestion_window  segments (default 10)
 *     congestion                 newreno, cubic or bbr (default cubic)
 *     syn_rto_ms min_rto_ms max_rto_ms    retransmission timeouts (default 1000, 200, 120000)
 *     syn_retries data_retries   how often a SYN or data is sent again (default 7, 15)
 *     delayed_ack_ms             how long an acknowledgment waits for company (default 40)
 *     quick_ack                  how many segments at the start are acknowledged at once
 *     sack timestamps rack tail_loss_probe prr frto pacing    mechanisms (default 1, pacing 0)
 *     window_scale               a shift of 0 to 14, or -1 for none
 *     ecn                        0, 1, or 3 for accurate feedback
 *     rfc5961                    0: RFC 793's answers to RST and SYN (default 1)
 *     msl_ms fin_wait2_ms        half of TIME-WAIT, and how long FIN-WAIT-2 lasts without its application (default 60000)
 *     syn_cookies                never, auto or always (default auto)
 *     icmp_rate echo_rate        errors sent and echo requests answered in a second, 0 for none (default 1000, 40000)
 *     seed                       see above */
/* sockeye_host_create(configuration, NULL, 0, now_us, NULL, 0) */
sockeye_host *sockeye_host_new(const char *configuration, uint64_t now_us);
void     sockeye_host_free(sockeye_host *);
/* A packet arrives. */
void     sockeye_input(sockeye_host *, const void *ip_packet, size_t length, uint64_t now_us);
/* The next packet to send and the time when it was made; 0: nothing queued. A packet that doesn't fit is lost: the MTU's
 * room is enough, or 65,535 bytes with offload=1. */
ssize_t  sockeye_output(sockeye_host *, void *buffer, size_t capacity, uint64_t *emitted_us);
/* Absolute, in microseconds. */
uint64_t sockeye_next_deadline(sockeye_host *);
/* Sets the clock, and runs what is due. */
void     sockeye_advance(sockeye_host *, uint64_t now_us);
int      sockeye_socket(sockeye_host *, int domain, int type, int protocol);
int      sockeye_bind(sockeye_host *, int s, const struct sockaddr *, socklen_t);
int      sockeye_listen(sockeye_host *, int s, int backlog);
int      sockeye_accept(sockeye_host *, int s, struct sockaddr *, socklen_t *);
/* -EINPROGRESS; the socket is writable once it is connected. */
int      sockeye_connect(sockeye_host *, int s, const struct sockaddr *, socklen_t);
ssize_t  sockeye_sendto(sockeye_host *, int s, const void *, size_t, int flags, const struct sockaddr *, socklen_t);
ssize_t  sockeye_recvfrom(sockeye_host *, int s, void *, size_t, int flags, struct sockaddr *, socklen_t *);
int      sockeye_shutdown(sockeye_host *, int s, int how);
int      sockeye_close(sockeye_host *, int s);
int      sockeye_getsockopt(sockeye_host *, int s, int level, int option, void *, socklen_t *);
int      sockeye_setsockopt(sockeye_host *, int s, int level, int option, const void *, socklen_t);
/* SIOCINQ, SIOCOUTQ */
int      sockeye_ioctl(sockeye_host *, int s, unsigned long request, int *argument);
/* POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP */
int      sockeye_poll(sockeye_host *, int s);

#ifdef __cplusplus
}
#endif

#endif
