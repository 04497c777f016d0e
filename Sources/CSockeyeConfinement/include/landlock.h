// Landlock's system calls, which the C library doesn't have, and its numbers, which older headers lack: see landlock(7).

#pragma once
#include <stdint.h>

// Rights on files. Each is known from a version of the interface on; the numbers are the kernel's.
static const uint64_t SOCKEYE_LANDLOCK_READ_FILE = 1 << 2;
static const uint64_t SOCKEYE_LANDLOCK_READ_DIR = 1 << 3;
static const uint64_t SOCKEYE_LANDLOCK_EXECUTE = 1 << 0;
static const uint64_t SOCKEYE_LANDLOCK_WRITE_FILE = 1 << 1;
static const uint64_t SOCKEYE_LANDLOCK_REMOVE_DIR = 1 << 4;
static const uint64_t SOCKEYE_LANDLOCK_REMOVE_FILE = 1 << 5;
static const uint64_t SOCKEYE_LANDLOCK_MAKE_DIR = 1 << 7;
static const uint64_t SOCKEYE_LANDLOCK_MAKE_REG = 1 << 8;
static const uint64_t SOCKEYE_LANDLOCK_MAKE_SOCK = 1 << 9;
static const uint64_t SOCKEYE_LANDLOCK_ALL_OF_1 = (1 << 13) - 1;
static const uint64_t SOCKEYE_LANDLOCK_REFER = 1 << 13;
static const uint64_t SOCKEYE_LANDLOCK_TRUNCATE = 1 << 14;

// Rights on the network, from version 4 on.
static const uint64_t SOCKEYE_LANDLOCK_BIND_TCP = 1 << 0;
static const uint64_t SOCKEYE_LANDLOCK_CONNECT_TCP = 1 << 1;

// The version of the kernel's interface, or the negative error where there is none.
int sockeye_landlock_version(void);
// A set of rules over these rights, as a descriptor, or the negative error.
int sockeye_landlock_create(uint64_t files, uint64_t network);
// Allows rights on a file, or on everything beneath a directory, that is open as `place`. 0, or the negative error.
int sockeye_landlock_allow_beneath(int rules, int place, uint64_t files);
// Allows rights on a port. 0, or the negative error.
int sockeye_landlock_allow_port(int rules, uint16_t port, uint64_t network);
// Confines this thread, and those that it makes from then on, for good. 0, or the negative error.
int sockeye_landlock_restrict(int rules);
