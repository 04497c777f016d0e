#define _GNU_SOURCE
#include "child_steps.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t sockeye_bare_fork(unsigned long namespaces) {
  return (pid_t)syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, NULL);
}

pid_t sockeye_child_start(const struct sockeye_child_plan *plan) {
  /* No handler of this process shall run in the copy of it. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  pid_t child = sockeye_bare_fork(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET);
  if (child == 0) sockeye_child_run_init(plan);
  int number = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = number;
  return child;
}

int sockeye_child_tell(int socket, int32_t kind, int32_t step, int32_t value) {
  struct sockeye_child_message message = {.kind = kind, .step = step, .value = value};
  ssize_t count;
  do count = send(socket, &message, sizeof message, MSG_NOSIGNAL);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -1 : 0;
}

int sockeye_child_receive(int socket, struct sockeye_child_message *message, int descriptors[SOCKEYE_CHILD_DESCRIPTORS]) {
  union {
    struct cmsghdr alignment;
    char bytes[CMSG_SPACE(SOCKEYE_CHILD_DESCRIPTORS * sizeof(int))];
  } control;
  struct iovec data = {.iov_base = message, .iov_len = sizeof *message};
  struct msghdr header = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  for (int place = 0; place < SOCKEYE_CHILD_DESCRIPTORS; place++) descriptors[place] = -1;
  ssize_t count;
  do count = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  while (count < 0 && errno == EINTR);
  if (count < 0) return -1;
  if (count < (ssize_t)sizeof *message) return 0;
  struct cmsghdr *part = CMSG_FIRSTHDR(&header);
  if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
      part->cmsg_len <= CMSG_LEN(SOCKEYE_CHILD_DESCRIPTORS * sizeof(int)))
    memcpy(descriptors, CMSG_DATA(part), part->cmsg_len - CMSG_LEN(0));
  return 1;
}

/* Where handlers send signals; -1 when there is nobody left. */
static volatile sig_atomic_t relay_socket = -1;
static volatile sig_atomic_t relay_is_shared;

static void relay(int number, siginfo_t *info, void *context) {
  (void)context;
  int socket = relay_socket;
  if (socket < 0) _exit(128 + number);
  if (relay_is_shared && info->si_code == SI_KERNEL) return;
  int before = errno;
  struct sockeye_child_message message = {.kind = SOCKEYE_CHILD_SIGNAL, .value = number};
  send(socket, &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
  errno = before;
}

void sockeye_child_relay_signals(int socket, int is_shared, uint64_t ignored) {
  static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP};
  relay_is_shared = is_shared;
  relay_socket = socket;
  for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) {
    int number = numbers[index];
    if (ignored & (UINT64_C(1) << (number - 1))) {
      signal(number, SIG_IGN);
      continue;
    }
    /* The terminal stops the whole of a shared group, this process with it. */
    if (is_shared && number == SIGTSTP) continue;
    struct sigaction action = {.sa_sigaction = relay, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    sigaction(number, &action, NULL);
  }
}

void sockeye_child_end_relay(void) { relay_socket = -1; }

uint64_t sockeye_ignored_signals(void) {
  uint64_t ignored = 0;
  for (int number = 1; number <= 64; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) ignored |= UINT64_C(1) << (number - 1);
  }
  return ignored;
}
