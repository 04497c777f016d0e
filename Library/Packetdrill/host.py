"""A host of libsockeye, by ctypes."""

import ctypes
import errno
import socket
import struct

SIZE, POINTER, U64 = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_uint64
NEVER = 2**64 - 1
FUNCTIONS = {
    "host_new": (POINTER, [ctypes.c_char_p, U64]),
    "host_free": (None, [POINTER]),
    "input": (None, [POINTER, ctypes.c_char_p, SIZE, U64]),
    "output": (ctypes.c_ssize_t, [POINTER, POINTER, SIZE, ctypes.POINTER(U64)]),
    "next_deadline": (U64, [POINTER]),
    "advance": (None, [POINTER, U64]),
    "socket": (ctypes.c_int, [POINTER] + [ctypes.c_int] * 3),
    "bind": (ctypes.c_int, [POINTER, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]),
    "listen": (ctypes.c_int, [POINTER, ctypes.c_int, ctypes.c_int]),
    "accept": (ctypes.c_int, [POINTER, ctypes.c_int, POINTER, POINTER]),
    "connect": (ctypes.c_int, [POINTER, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]),
    "sendto": (ctypes.c_ssize_t, [POINTER, ctypes.c_int, ctypes.c_char_p, SIZE, ctypes.c_int, POINTER, ctypes.c_uint32]),
    "recvfrom": (ctypes.c_ssize_t, [POINTER, ctypes.c_int, POINTER, SIZE, ctypes.c_int, POINTER, POINTER]),
    "shutdown": (ctypes.c_int, [POINTER, ctypes.c_int, ctypes.c_int]),
    "close": (ctypes.c_int, [POINTER, ctypes.c_int]),
    "getsockopt": (ctypes.c_int, [POINTER, ctypes.c_int, ctypes.c_int, ctypes.c_int, POINTER, POINTER]),
    "setsockopt": (ctypes.c_int, [POINTER, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]),
    "ioctl": (ctypes.c_int, [POINTER, ctypes.c_int, ctypes.c_ulong, ctypes.POINTER(ctypes.c_int)]),
    "poll": (ctypes.c_int, [POINTER, ctypes.c_int]),
}

# struct tcp_info as <linux/tcp.h> lays it out: B, I and Q are 8, 32 and 64 bits.
TCP_INFO = (
    "B state,B ca_state,B retransmits,B probes,B backoff,B options,B wscales,B _,"
    "I rto,I ato,I snd_mss,I rcv_mss,I unacked,I sacked,I lost,I retrans,I fackets,"
    "I last_data_sent,I last_ack_sent,I last_data_recv,I last_ack_recv,I pmtu,I rcv_ssthresh,I rtt,I rttvar,"
    "I snd_ssthresh,I snd_cwnd,I advmss,I reordering,I rcv_rtt,I rcv_space,I total_retrans,"
    "Q pacing_rate,Q max_pacing_rate,Q bytes_acked,Q bytes_received,I segs_out,I segs_in,I notsent_bytes,I min_rtt,"
    "I data_segs_in,I data_segs_out,Q delivery_rate,Q busy_time,Q rwnd_limited,Q sndbuf_limited,"
    "I delivered,I delivered_ce,Q bytes_sent,Q bytes_retrans,I dsack_dups,I reord_seen,I rcv_ooopack,I snd_wnd"
)


def load(path):
    """The library at `path`, its functions declared."""
    library = ctypes.CDLL(path)
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, "sockeye_" + name)
        function.restype, function.argtypes = result, arguments
    return library


def address(host, port):
    """`struct sockaddr_in`."""
    return struct.pack("=H", socket.AF_INET) + struct.pack(">H", port) + socket.inet_aton(host) + bytes(8)


class Host:
    """One host in virtual time. Calls answer as the C interface does: -errno for errors."""

    def __init__(self, library, configuration, now):
        self._library = library
        self._buffer = ctypes.create_string_buffer(65_535)
        self._host = library.sockeye_host_new(configuration.encode(), now)
        if not self._host:
            raise ValueError(f"refused configuration {configuration}")

    def free(self):
        self._library.sockeye_host_free(self._host)

    def __getattr__(self, name):
        function = getattr(self._library, "sockeye_" + name)
        return lambda *arguments: function(self._host, *arguments)

    def outputs(self):
        """The packets that wait to be sent, each with the time when it was made."""
        made = U64()
        while (length := self.output(self._buffer, len(self._buffer), ctypes.byref(made))) > 0:
            yield made.value, self._buffer.raw[:length]

    def connect_to(self, s, host, port):
        name = address(host, port)
        return self.connect(s, name, len(name))

    def bind_to(self, s, host, port):
        name = address(host, port)
        return self.bind(s, name, len(name))

    def read(self, s, count, flags=0, is_nowhere=False):
        return self.recvfrom(s, None if is_nowhere else ctypes.create_string_buffer(max(count, 1)), count, flags, None, None)

    def write(self, s, count, flags=0, is_nowhere=False):
        return self.sendto(s, None if is_nowhere else bytes(count), count, flags, None, 0)

    def option(self, s, level, name, room=4):
        """The value of a socket option as bytes, or -errno."""
        value, length = ctypes.create_string_buffer(room), ctypes.c_uint32(room)
        result = self.getsockopt(s, level, name, value, ctypes.byref(length))
        return value.raw[: length.value] if result == 0 else result

    def error(self, s):
        """SO_ERROR, which is cleared by that."""
        return struct.unpack("=i", self.option(s, socket.SOL_SOCKET, socket.SO_ERROR))[0]

    def queued(self, s, request):
        value = ctypes.c_int()
        result = self.ioctl(s, request, ctypes.byref(value))
        return value.value if result == 0 else result

    def info(self, s):
        """TCP_INFO, its fields named as in scripts; nothing where there is no connection."""
        raw = self.option(s, socket.IPPROTO_TCP, socket.TCP_INFO, 512)
        if not isinstance(raw, bytes):
            return {}
        fields, offset = {}, 0
        for kind, name in (field.split() for field in TCP_INFO.split(",")):
            size = struct.calcsize(kind)
            offset = -(-offset // size) * size
            if offset + size > len(raw):
                break
            fields["tcpi_" + name] = struct.unpack_from("=" + kind, raw, offset)[0]
            offset += size
        fields["tcpi_snd_wscale"] = fields["tcpi_wscales"] & 15
        fields["tcpi_rcv_wscale"] = fields["tcpi_wscales"] >> 4
        return fields


def would_block(result):
    return result == -errno.EAGAIN
