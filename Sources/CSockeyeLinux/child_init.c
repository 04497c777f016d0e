#define _GNU_SOURCE
#include "child_steps.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_between(int first, int last) {
  if (first > last || syscall(SYS_close_range, (unsigned int)first, (unsigned int)last, 0) == 0) return;
  /* Before Linux 5.9 there is no such call. */
  for (int descriptor = first; descriptor <= last && descriptor < 65536; descriptor++) close(descriptor);
}

/* Closes everything but the standard descriptors and these two. */
static void close_all_but(int one, int other) {
  int low = one < other ? one : other, high = one < other ? other : one;
  close_between(3, low - 1);
  close_between((low < 3 ? 3 : low + 1), high - 1);
  close_between(high < 3 ? 3 : high + 1, ~0U >> 1);
}

/* The parent is gone, or there is nobody to say it to: everything in the namespaces ends with this process. */
static _Noreturn void end(void) { _exit(1); }

static _Noreturn void fail(int socket, enum sockeye_child_step step) {
  sockeye_child_tell(socket, SOCKEYE_CHILD_FAILED, step, errno);
  end();
}

static int32_t wait_for(int socket, int32_t *value) {
  struct sockeye_child_message message;
  int descriptors[SOCKEYE_CHILD_DESCRIPTORS];
  if (sockeye_child_receive(socket, &message, descriptors) != 1) end();
  *value = message.value;
  return message.kind;
}

/* Waits for a message of that kind. Returns the signals that came before: bit n - 1 for signal n. */
static uint64_t wait_until(int socket, int32_t kind) {
  uint64_t signals = 0;
  for (;;) {
    int32_t value, next = wait_for(socket, &value);
    if (next == kind) return signals;
    if (next == SOCKEYE_CHILD_SIGNAL && value > 0 && value <= 64) signals |= UINT64_C(1) << (value - 1);
  }
}

/* Says that the network stands, and hands its device out, and a socket that is told of the network's others. Only the parent has
   them then: init and the command never do. */
static void hand_out(int socket, int diagnostics, int device, enum sockeye_child_device kind) {
  const int descriptors[] = {diagnostics, device};
  size_t size = device < 0 ? sizeof(int) : sizeof descriptors;
  struct sockeye_child_message message = {.kind = SOCKEYE_CHILD_READY, .value = kind};
  union {
    struct cmsghdr alignment;
    char bytes[CMSG_SPACE(sizeof descriptors)];
  } control = {0};
  struct iovec data = {.iov_base = &message, .iov_len = sizeof message};
  struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
  control.alignment = (struct cmsghdr){.cmsg_len = CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(&control.alignment), descriptors, size);
  header.msg_control = control.bytes;
  header.msg_controllen = CMSG_SPACE(size);
  if (sendmsg(socket, &header, MSG_NOSIGNAL) < 0) end();
  close(diagnostics);
  if (device >= 0) close(device);
}

/* Signals as a program expects them at its start. */
static void reset_signals(uint64_t ignored) {
  for (int number = 1; number <= 64; number++)
    signal(number, ignored & (UINT64_C(1) << (number - 1)) ? SIG_IGN : SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Whether a name stands for a file anywhere on the path. execvp says EACCES of a directory that may not be searched, too, and a
   shell does not: there the command isn't found. */
static int is_on_path(const char *name) {
  char candidate[4096];
  const char *place = getenv("PATH");
  while (place && *place) {
    size_t length = strcspn(place, ":"), rest = strlen(name) + 2;
    if (rest < sizeof candidate && length < sizeof candidate - rest) {
      memcpy(candidate, place, length);
      candidate[length] = '/';
      memcpy(candidate + length + 1, name, rest - 1);
      if (access(candidate, F_OK) == 0) return 1;
    }
    place += length + (place[length] == ':');
  }
  return 0;
}

/* Becomes the command. `report` takes an errno if that fails, and is closed if it doesn't. */
static _Noreturn void execute(const struct sockeye_child_plan *plan, int report) {
  if (plan->group != SOCKEYE_CHILD_GROUP_SHARED) setpgid(0, 0);
  /* All signals are blocked still, SIGTTOU among them. */
  if (plan->group == SOCKEYE_CHILD_GROUP_FOREGROUND) tcsetpgrp(plan->terminal, getpid());
  close_all_but(report, report);
  reset_signals(plan->ignored_signals);
  const char *name = plan->arguments[0];
  execvp(name, plan->arguments);
  int number = errno;
  if (number == EACCES && !strchr(name, '/') && !is_on_path(name)) number = ENOENT;
  ssize_t count = write(report, &number, sizeof number);
  _exit(count < 0 ? 126 : 127);
}

static pid_t start_command(const struct sockeye_child_plan *plan) {
  int report[2], number;
  if (pipe2(report, O_CLOEXEC) < 0) fail(plan->socket, SOCKEYE_CHILD_STEP_FORK);
  pid_t command = sockeye_bare_fork(0);
  if (command < 0) fail(plan->socket, SOCKEYE_CHILD_STEP_FORK);
  if (command == 0) execute(plan, report[1]);
  close(report[1]);
  ssize_t count;
  do count = read(report[0], &number, sizeof number);
  while (count < 0 && errno == EINTR);
  close(report[0]);
  if (count == sizeof number) {
    sockeye_child_tell(plan->socket, SOCKEYE_CHILD_NOT_STARTED, 0, number);
    end();
  }
  return command;
}

/* Whoever reads what the command writes shall see the end when the command has closed it. */
static void leave_standard_streams(void) {
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int stream = 0; stream < 3; stream++) {
    if (nothing >= 0) dup2(nothing, stream);
    else close(stream);
  }
  if (nothing > 2) close(nothing);
}

/* Sees off who has ended, orphans of the command's too. */
static void reap(int socket, pid_t command) {
  int status;
  pid_t child;
  while ((child = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
    if (child != command) continue;
    if (WIFSTOPPED(status)) {
      sockeye_child_tell(socket, SOCKEYE_CHILD_STOPPED, 0, WSTOPSIG(status));
      continue;
    }
    if (WIFSIGNALED(status)) sockeye_child_tell(socket, SOCKEYE_CHILD_KILLED, 0, WTERMSIG(status));
    else sockeye_child_tell(socket, SOCKEYE_CHILD_EXITED, 0, WEXITSTATUS(status));
    end();
  }
}

static void obey(const struct sockeye_child_plan *plan, pid_t command) {
  int32_t value;
  switch (wait_for(plan->socket, &value)) {
    case SOCKEYE_CHILD_SIGNAL:
      kill(command, value);
      break;
    case SOCKEYE_CHILD_CONTINUE:
      if (value && plan->terminal >= 0) tcsetpgrp(plan->terminal, command);
      kill(-command, SIGCONT);
      break;
  }
}

_Noreturn void sockeye_child_run_init(const struct sockeye_child_plan *plan) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  close_all_but(plan->socket, plan->terminal);
  wait_until(plan->socket, SOCKEYE_CHILD_MAPPED);

  int device;
  enum sockeye_child_device kind = SOCKEYE_CHILD_DEVICE_TUNNEL;
  enum sockeye_child_step failed = sockeye_child_part_mounts();
  if (!failed) failed = sockeye_child_make_network(plan, &device, &kind);
  if (!failed) failed = sockeye_child_make_files(plan);
  if (failed) fail(plan->socket, failed);
  int diagnostics = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (diagnostics < 0) fail(plan->socket, SOCKEYE_CHILD_STEP_NETWORK);
  hand_out(plan->socket, diagnostics, device, kind);
  uint64_t early = wait_until(plan->socket, SOCKEYE_CHILD_GO);

  /* This is a copy of the caller's memory, which the command shall not look into. */
  prctl(PR_SET_DUMPABLE, 0);
  signal(SIGCHLD, SIG_DFL);
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  int children = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
  if (children < 0) fail(plan->socket, SOCKEYE_CHILD_STEP_FORK);
  pid_t command = start_command(plan);
  for (int number = 1; number <= 64; number++)
    if (early & (UINT64_C(1) << (number - 1))) kill(command, number);
  leave_standard_streams();
  struct pollfd waits[] = {{.fd = plan->socket, .events = POLLIN}, {.fd = children, .events = POLLIN}};
  for (;;) {
    if (poll(waits, 2, -1) < 0) continue;
    struct signalfd_siginfo info;
    if (waits[1].revents && read(children, &info, sizeof info) > 0) reap(plan->socket, command);
    if (waits[0].revents) obey(plan, command);
  }
}
