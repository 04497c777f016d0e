#define _GNU_SOURCE
#include "tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int sockeye_epoll_wait(int set, struct epoll_event *events, int count, int64_t nanoseconds) {
  struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  int ready = epoll_pwait2(set, events, count, nanoseconds < 0 ? NULL : &time, NULL);
  if (ready >= 0 || errno != ENOSYS) return ready;
  /* Before Linux 5.11: milliseconds, rounded up so that nothing that is due is asked for too early. */
  int64_t milliseconds = nanoseconds / 1000000 + (nanoseconds % 1000000 != 0);
  return epoll_wait(set, events, count, nanoseconds < 0 ? -1 : milliseconds > 60000 ? 60000 : (int)milliseconds);
}

int sockeye_tunnel_open(const char *name, int offload, int napi, int many_queues) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0) | (napi ? IFF_NAPI : 0) |
                      (many_queues ? IFF_MULTI_QUEUE : 0);
  int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return -1;
  int length = sizeof(struct virtio_net_hdr);
  if (ioctl(descriptor, TUNSETIFF, &request) == 0 &&
      (!offload || (ioctl(descriptor, TUNSETVNETHDRSZ, &length) == 0 &&
                    ioctl(descriptor, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) == 0)))
    return descriptor;
  int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

int sockeye_interface_up(const char *name, int mtu) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  int result = -1;
  /* What is as it should be is left alone: whose device it is may use it, but only an administrator may change it. */
  if (ioctl(descriptor, SIOCGIFMTU, &request) != 0) goto end;
  if (mtu <= 0) mtu = request.ifr_mtu;
  if (mtu != request.ifr_mtu) {
    request.ifr_mtu = mtu;
    if (ioctl(descriptor, SIOCSIFMTU, &request) != 0) goto end;
  }
  if (ioctl(descriptor, SIOCGIFFLAGS, &request) != 0) goto end;
  if (!(request.ifr_flags & IFF_UP)) {
    request.ifr_flags |= IFF_UP;
    if (ioctl(descriptor, SIOCSIFFLAGS, &request) != 0) goto end;
  }
  result = mtu;
end:
  close(descriptor);
  return result;
}
