#define _GNU_SOURCE
#include "landlock.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// The same on all architectures.
enum { CREATE = 444, ADD_RULE = 445, RESTRICT = 446, VERSION_FLAG = 1, BENEATH = 1, PORT = 2 };

struct rule_set { uint64_t files, network; };
struct beneath_rule { uint64_t files; int32_t place; } __attribute__((packed));
struct port_rule { uint64_t network, port; };

static int result(long value) { return value < 0 ? -errno : (int)value; }

int sockeye_landlock_version(void) { return result(syscall(CREATE, (void *)0, (size_t)0, VERSION_FLAG)); }

int sockeye_landlock_create(uint64_t files, uint64_t network) {
    struct rule_set set = {files, network};
    // An interface without rights on the network knows the first field alone.
    return result(syscall(CREATE, &set, network ? sizeof set : sizeof set.files, 0));
}

int sockeye_landlock_allow_beneath(int rules, int place, uint64_t files) {
    struct beneath_rule rule = {files, place};
    return result(syscall(ADD_RULE, rules, BENEATH, &rule, 0));
}

int sockeye_landlock_allow_port(int rules, uint16_t port, uint64_t network) {
    struct port_rule rule = {network, port};
    return result(syscall(ADD_RULE, rules, PORT, &rule, 0));
}

int sockeye_landlock_restrict(int rules) {
    // Without it only root could: a program with more rights than ours would be confined without knowing.
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
    return result(syscall(RESTRICT, rules, 0));
}
