"""Conversations with other people's tools: nc (OpenBSD), ncat and socat, in both roles."""

import os
import subprocess
import tempfile
import threading

import support
from support import Program, Server, need, sockeye, loopback_listener, wait_until, DEADLINE, SOCKEYE

DATA = os.urandom(3_000_000)


def free_port():
    listener, port = loopback_listener()
    listener.close()
    return port


def run(arguments, data):
    return subprocess.run(arguments, input=data, capture_output=True, timeout=DEADLINE)


def when_listening(port):
    """Waits until somebody listens on a port, without connecting to it."""
    entry = ":%04X 00000000:0000 0A" % port

    def listening():
        return any(entry in open(f"/proc/net/{table}").read() for table in ("tcp", "tcp6")) or any(
            (":%04X 00000000000000000000000000000000:0000 0A" % port) in line for line in open("/proc/net/tcp6")
        )

    wait_until(listening, f"listener on port {port}")


def their_clients():
    nc, ncat, socat = need("nc"), need("ncat"), need("socat")
    return {
        "nc": lambda port: [nc, "-N", "127.0.0.1", str(port)],
        "ncat": lambda port: [ncat, "127.0.0.1", str(port)],
        "socat": lambda port: [socat, "-t", "20", "-", f"TCP:127.0.0.1:{port}"],
    }


def test_their_clients_echoed():
    """what nc, ncat and socat send through listen --echo comes back whole"""
    with Server("listen", "--echo", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        for name, command in their_clients().items():
            result = run(command(server.port), DATA)
            assert result.stdout == DATA, (name, len(result.stdout), result.stderr)


def test_their_clients_answered():
    """nc, ncat and socat get an answer to what they say, and the end of the conversation"""
    for name, command in their_clients().items():
        with Server("listen", "--once", "--reply", "thank you\n", "127.0.0.1:0") as server:
            result = run(command(server.port), b"hello")
            assert result.stdout == b"thank you\n", (name, result)
            assert server.finish() == (0, b"hello"), name


def test_their_servers_in_turn():
    """what connect sends to nc, ncat and socat arrives whole, and so does what they send"""
    nc, ncat, socat = need("nc"), need("ncat"), need("socat")
    for command in (
        lambda port: [nc, "-l", "-N", "127.0.0.1", str(port)],
        lambda port: [ncat, "-l", "127.0.0.1", str(port)],
        lambda port: [socat, "-t", "20", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr", "-"],
    ):
        port = free_port()
        with tempfile.NamedTemporaryFile() as source:
            source.write(DATA)
            source.flush()
            with open(source.name, "rb") as stdin, Program(*command(port), stdin=stdin) as program:
                heard = bytearray()
                reader = threading.Thread(target=lambda: heard.extend(program.process.stdout.read()), daemon=True)
                reader.start()
                when_listening(port)
                result = sockeye("connect", "--on-peer-eof", "hold", f"127.0.0.1:{port}", stdin=DATA[::-1])
                reader.join(DEADLINE)
                name = program.arguments[0]
            assert result.returncode == 0, (name, result.stderr)
            assert result.stdout == DATA, (name, len(result.stdout))
            assert bytes(heard) == DATA[::-1], (name, len(heard))


def test_their_datagrams():
    """datagrams are exchanged with nc, ncat and socat"""
    nc, ncat, socat = need("nc"), need("ncat"), need("socat")
    with Server("listen", "--udp", "--reply", "pong", "127.0.0.1:0", stdout=subprocess.DEVNULL) as server:
        for command in (
            [nc, "-u", "127.0.0.1", str(server.port)],
            [ncat, "-u", "127.0.0.1", str(server.port)],
            [socat, "-", f"UDP:127.0.0.1:{server.port}"],
        ):
            with Program(*command) as program:
                program.send(b"ping")
                assert program.process.stdout.read(4) == b"pong", command


def test_their_echo_of_datagrams():
    """connect --udp hears what socat echoes"""
    socat = need("socat")
    port = free_port()
    with Program(socat, f"UDP-RECVFROM:{port},bind=127.0.0.1,fork", "EXEC:cat") as program:
        entry = ":%04X 00000000:0000 07" % port
        wait_until(lambda: entry in open("/proc/net/udp").read(), "socat")
        result = sockeye("connect", "--udp", "--send", "again", f"127.0.0.1:{port}")
        assert (result.returncode, result.stdout) == (0, b"again"), (result, program.errors)


def test_web_server():
    """a request piped into connect gets nginx's whole answer"""
    nginx = need("nginx")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        body = os.urandom(2_000_000)
        with open(f"{folder}/file", "wb") as file:
            file.write(body)
        port = free_port()
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(
                f"daemon off; pid {folder}/pid; error_log stderr; events {{}} http {{ access_log off; "
                f"client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c; "
                f"uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; "
                f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}"
            )
        with Program(nginx, "-c", f"{folder}/nginx.conf", "-p", folder):
            when_listening(port)
            for _ in range(30):
                result = sockeye("connect", "-q", f"127.0.0.1:{port}", stdin=b"GET /file HTTP/1.0\r\n\r\n")
                assert result.returncode == 0, result.stderr
                assert result.stdout.endswith(body), len(result.stdout)


if __name__ == "__main__":
    support.main(globals())
