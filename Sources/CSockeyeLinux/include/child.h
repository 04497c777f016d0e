#ifndef SOCKEYE_CHILD_H
#define SOCKEYE_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A command in user, mount, process and network namespaces of its own. The first process in them, an init that execs nothing,
   makes the network and starts the command; it is spoken with over a SOCK_SEQPACKET socket, one message a packet. It is C
   since it begins as a copy of a process with threads: until it execs, nothing may be called that takes a lock, so neither
   malloc nor anything of Swift's. */

enum sockeye_child_kind {
  /* To init. */
  SOCKEYE_CHILD_MAPPED = 1, /* its ids are mapped */
  SOCKEYE_CHILD_GO,         /* start the command */
  SOCKEYE_CHILD_SIGNAL,     /* send the command this signal */
  SOCKEYE_CHILD_CONTINUE,   /* continue the command; 1 if it gets the terminal */
  /* From init. */
  SOCKEYE_CHILD_READY,       /* the network stands; descriptors come with it: sock_diag(7)'s, and the device's; its kind */
  SOCKEYE_CHILD_FAILED,      /* a step of the preparations: an errno */
  SOCKEYE_CHILD_NOT_STARTED, /* the command could not be executed: an errno */
  SOCKEYE_CHILD_STOPPED,     /* the command was stopped by this signal */
  SOCKEYE_CHILD_EXITED,      /* it ended by itself, with this code */
  SOCKEYE_CHILD_KILLED,      /* it was ended by this signal */
};

/* What init does before it is ready. */
enum sockeye_child_step {
  SOCKEYE_CHILD_STEP_NONE = 0,
  SOCKEYE_CHILD_STEP_MOUNTS,      /* cuts mounts off from the machine's */
  SOCKEYE_CHILD_STEP_OPEN_TUNNEL, /* opens /dev/net/tun */
  SOCKEYE_CHILD_STEP_MAKE_TUNNEL, /* makes the device */
  SOCKEYE_CHILD_STEP_NETWORK,     /* gives it addresses and routes */
  SOCKEYE_CHILD_STEP_FILES,       /* puts files of its own over the machine's */
  SOCKEYE_CHILD_STEP_FORK,        /* forks the command */
};

/* What the command's device is, and so what its descriptor is. */
enum sockeye_child_device {
  SOCKEYE_CHILD_DEVICE_TUNNEL, /* a TUN device: whole packets are read and written */
  SOCKEYE_CHILD_DEVICE_PAIR,   /* one of a pair of Ethernet devices: frames are, between these two addresses */
};

/* The address of the command's end, and that of the end of whoever has the descriptor. */
static const uint8_t SOCKEYE_PAIR_FAR[] = {0x02, 0, 0, 0, 0, 0x01};
static const uint8_t SOCKEYE_PAIR_NEAR[] = {0x02, 0, 0, 0, 0, 0x02};

/* Descriptors that come with a message, at most. */
enum { SOCKEYE_CHILD_DESCRIPTORS = 2 };

struct sockeye_child_message {
  int32_t kind;
  int32_t step;
  int32_t value;
};

/* The command's process group. */
enum sockeye_child_group {
  SOCKEYE_CHILD_GROUP_OWN,        /* its own, in the terminal's background */
  SOCKEYE_CHILD_GROUP_FOREGROUND, /* its own, and the terminal is its */
  SOCKEYE_CHILD_GROUP_SHARED,     /* the caller's: it is part of a pipeline or a script */
};

/* A file's path and what it shall hold. */
struct sockeye_child_file {
  const char *path;
  const void *bytes;
  size_t count;
};

struct sockeye_child_plan {
  /* Init's end of the socket, and the controlling terminal or -1. */
  int socket;
  int terminal;
  enum sockeye_child_group group;
  /* The device; NULL for a network without one. And whether its packets have a header before them, for offload. */
  const char *device;
  int device_has_header;
  uint32_t device_index;
  /* Requests of rtnetlink(7), one behind the other. That one of the second kind fails does not matter. */
  const void *requests;
  size_t requests_count;
  const void *optional_requests;
  size_t optional_requests_count;
  /* The IPv6 address that one of them adds, 16 bytes, or NULL: it is waited for. */
  const void *awaited_address;
  /* Put over the machine's files, where those exist. */
  const struct sockeye_child_file *files;
  size_t files_count;
  /* Written into files of /proc, where that is allowed. */
  const struct sockeye_child_file *settings;
  size_t settings_count;
  /* The command with its arguments; NULL at the end. */
  char *const *arguments;
  /* Signals that the command shall ignore from its start: bit n - 1 for signal n. */
  uint64_t ignored_signals;
};

/* Starts init. To be called on a thread that lasts as long as the child shall: the child is killed when it ends. Returns
   init's process id, or -1 with errno set. */
pid_t sockeye_child_start(const struct sockeye_child_plan *plan);

/* Sends a message. Returns 0, or -1 with errno set. */
int sockeye_child_tell(int socket, int32_t kind, int32_t step, int32_t value);

/* Waits for a message. `descriptors` has what came with it, in that order, and -1 for what did not. Returns 1; 0 when the other
   end is closed; -1 with errno set. */
int sockeye_child_receive(int socket, struct sockeye_child_message *message, int descriptors[SOCKEYE_CHILD_DESCRIPTORS]);

/* Has the signals that end, stop or tell something sent to the child from now on, instead of doing to this process what they
   do, except for those in `ignored`, which stay ignored. With `is_shared`, what the terminal sends has reached the command
   already, and is left alone. */
void sockeye_child_relay_signals(int socket, int is_shared, uint64_t ignored);

/* The child has ended: the next such signal ends this process, with 128 and its number. */
void sockeye_child_end_relay(void);

/* The signals that this process ignores: bit n - 1 for signal n. */
uint64_t sockeye_ignored_signals(void);

#endif
