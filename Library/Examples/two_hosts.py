"""Two hosts in one program, over libsockeye by ctypes: a megabyte from one to the other over a wire that loses packets.

    python3 two_hosts.py PATH/libsockeye.so
"""

import ctypes
import errno
import hashlib
import heapq
import random
import select
import socket
import sys

library = ctypes.CDLL(sys.argv[1])
u64, size, pointer = ctypes.c_uint64, ctypes.c_size_t, ctypes.c_void_p
for name, result, arguments in [
    ("host_new", pointer, [ctypes.c_char_p, u64]),
    ("host_free", None, [pointer]),
    ("input", None, [pointer, ctypes.c_char_p, size, u64]),
    ("output", ctypes.c_ssize_t, [pointer, pointer, size, ctypes.POINTER(u64)]),
    ("next_deadline", u64, [pointer]),
    ("advance", None, [pointer, u64]),
    ("socket", ctypes.c_int, [pointer] + [ctypes.c_int] * 3),
    ("bind", ctypes.c_int, [pointer, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]),
    ("listen", ctypes.c_int, [pointer, ctypes.c_int, ctypes.c_int]),
    ("accept", ctypes.c_int, [pointer, ctypes.c_int, pointer, pointer]),
    ("connect", ctypes.c_int, [pointer, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]),
    ("sendto", ctypes.c_ssize_t, [pointer, ctypes.c_int, ctypes.c_char_p, size, ctypes.c_int, pointer, ctypes.c_uint32]),
    ("recvfrom", ctypes.c_ssize_t, [pointer, ctypes.c_int, pointer, size, ctypes.c_int, pointer, pointer]),
    ("shutdown", ctypes.c_int, [pointer, ctypes.c_int, ctypes.c_int]),
    ("close", ctypes.c_int, [pointer, ctypes.c_int]),
    ("poll", ctypes.c_int, [pointer, ctypes.c_int]),
]:
    function = getattr(library, "sockeye_" + name)
    function.restype, function.argtypes = result, arguments

NEVER = 2**64 - 1
DELAY = 20_000
LOSS = 0.02
rng = random.Random(1)
now = 0
wire = []
count = 0
buffer = ctypes.create_string_buffer(65535)


def check(result):
    if result < 0:
        raise OSError(-result, errno.errorcode.get(-result, "?"))
    return result


def address(host, port):
    return socket.AF_INET.to_bytes(2, sys.byteorder) + port.to_bytes(2, "big") + socket.inet_aton(host) + bytes(8)


def step(a, b):
    """Goes on to whatever happens next. False when nothing ever will."""
    global now, count
    for source, target in ((a, b), (b, a)):
        emitted = u64()
        while (length := library.sockeye_output(source, buffer, len(buffer), ctypes.byref(emitted))) > 0:
            count += 1
            if rng.random() >= LOSS:
                heapq.heappush(wire, (emitted.value + DELAY, count, target, buffer.raw[:length]))
    deadline = min(library.sockeye_next_deadline(a), library.sockeye_next_deadline(b), wire[0][0] if wire else NEVER)
    if deadline == NEVER:
        return False
    now = max(now, deadline)
    while wire and wire[0][0] <= now:
        _, _, target, packet = heapq.heappop(wire)
        library.sockeye_input(target, packet, len(packet), now)
    library.sockeye_advance(a, now)
    library.sockeye_advance(b, now)
    return True


a = library.sockeye_host_new(b"ip4=10.0.0.1/24,seed=1", now)
b = library.sockeye_host_new(b"ip4=10.0.0.2/24,seed=2", now)
assert a and b and not library.sockeye_host_new(b"no_such_key=1", now)
listener = check(library.sockeye_socket(b, socket.AF_INET, socket.SOCK_STREAM, 0))
name = address("10.0.0.2", 80)
check(library.sockeye_bind(b, listener, name, len(name)))
check(library.sockeye_listen(b, listener, 1))
client = check(library.sockeye_socket(a, socket.AF_INET, socket.SOCK_STREAM, 0))
assert library.sockeye_connect(a, client, name, len(name)) == -errno.EINPROGRESS

data = rng.randbytes(1 << 20)
sent, received, server, closed = 0, bytearray(), -1, False
while True:
    assert step(a, b), "nothing more happens"
    if server < 0:
        server = library.sockeye_accept(b, listener, None, None)
    while sent < len(data) and library.sockeye_poll(a, client) & select.POLLOUT:
        sent += check(library.sockeye_sendto(a, client, data[sent:], len(data) - sent, 0, None, 0))
    if sent == len(data) and not closed:
        closed = check(library.sockeye_shutdown(a, client, socket.SHUT_WR)) == 0
    if server >= 0 and library.sockeye_poll(b, server) & select.POLLIN:
        length = check(library.sockeye_recvfrom(b, server, buffer, len(buffer), 0, None, None))
        if length == 0:
            break
        received += buffer.raw[:length]

assert hashlib.sha256(received).digest() == hashlib.sha256(data).digest()
print(f"{len(received)} bytes in {now / 1e6:.3f} s of virtual time, {count} packets, {LOSS:.0%} of them lost")
check(library.sockeye_close(a, client))
check(library.sockeye_close(b, server))
library.sockeye_host_free(a)
library.sockeye_host_free(b)
