"""The conversations of the tutorials: programs that behave as they describe, against `connect` and `listen`."""

import socket
import threading

import support
from support import Program, Server, connect, read_all, sockeye, loopback_listener, DEADLINE, SOCKEYE


class TutorialServer:
    """A server as the tutorials write it: one thread, blocking calls, no terminators."""

    def __init__(self, serve, kind=socket.SOCK_STREAM):
        self.listener, self.port = loopback_listener(kind=kind)
        self.error = None
        self.thread = threading.Thread(target=self._run, args=(serve,), daemon=True)
        self.thread.start()

    def _run(self, serve):
        try:
            serve(self.listener)
        except BaseException as error:
            self.error = error

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.thread.join(DEADLINE if kind is None else 0.1)
        self.listener.close()
        if kind is None:
            assert not self.thread.is_alive(), "the tutorial's server did not end"
            if self.error:
                raise self.error


# TCP client


def test_tcp_client():
    """connect says one message without a terminator, prints the reply, and ends when the server closes"""
    heard = []

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            heard.append(connection.recv(1024))
            connection.sendall("thank you, tcp client".encode())

    with TutorialServer(serve) as server:
        result = sockeye("connect", f"127.0.0.1:{server.port}", stdin=b"hello, tcp server")
    assert heard == [b"hello, tcp server"], heard
    assert (result.returncode, result.stdout) == (0, b"thank you, tcp client"), result
    assert b"peer FIN" in result.stderr, result.stderr


def test_tcp_client_gbk():
    """connect speaks and hears GBK, and shows UTF-8"""

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(1024).decode("gbk") == "你好，服务器"
            connection.sendall("谢谢".encode("gbk"))

    with TutorialServer(serve) as server:
        endpoint = f"127.0.0.1:{server.port}"
        result = sockeye("connect", "--encoding", "gbk", "--send", "你好，服务器", endpoint)
    assert (result.returncode, result.stdout.decode()) == (0, "谢谢"), result


# TCP server, one client


def test_tcp_server_one_client():
    """listen --once --reply says where the client is, prints its message, answers and closes"""
    with Server("listen", "--once", "--reply", "thank you, tcp client", "127.0.0.1:0") as server:
        with connect(server) as client:
            client.sendall("你好".encode())
            assert read_all(client) == b"thank you, tcp client"
            place = "127.0.0.1:%d" % client.getsockname()[1]
        code, output = server.finish()
    assert (code, output.decode()) == (0, "你好")
    assert place in server.errors, server.errors


def test_tcp_server_typed_reply():
    """what is written to listen's input goes to the client as it is typed"""
    with Server("listen", "--once", "127.0.0.1:0") as server:
        with connect(server) as client:
            client.sendall(b"are you there?")
            server.wait_for("connected")
            server.send(b"yes\n")
            assert client.recv(1024) == b"yes\n"
        code, output = server.finish()
    assert (code, output) == (0, b"are you there?")


# TCP server, many clients in turn


def test_tcp_server_in_turn():
    """--max-clients 1 serves one client until it closes, answering each message in GBK, then the next in order"""
    flags = ["--max-clients", "1", "--reply", "哈哈", "--encoding", "gbk"]
    with Server("listen", *flags, "127.0.0.1:0") as server:
        clients = []
        for number in range(3):
            client = connect(server)
            client.sendall(b"first of %d" % number)
            clients.append(client)
            server.wait_for("connected" if number == 0 else f"waits for its turn, {number - 1} before it")
        for number, client in enumerate(clients):
            assert client.recv(1024).decode("gbk") == "哈哈"
            for message in ["第二", "三"]:
                client.sendall(message.encode("gbk"))
                assert client.recv(1024).decode("gbk") == "哈哈"
            for waiting in clients[number + 1 :]:
                waiting.setblocking(False)
                try:
                    raise AssertionError(f"a waiting client was told {waiting.recv(1024)!r}")
                except BlockingIOError:
                    waiting.settimeout(DEADLINE)
            client.close()


# TCP server, many clients at once


def test_tcp_server_at_once():
    """a greeting, an answer to each message, and a good-bye to whoever says the closing word"""
    flags = ["--greet", "welcome\n", "--input", "text", "--reply", "got it", "--close-on", "exit", "--goodbye", "bye"]
    with Server("listen", *flags, "127.0.0.1:0") as server:
        clients = [connect(server) for _ in range(20)]
        for client in clients:
            assert client.recv(1024) == b"welcome\n"
        for message in [b"one", "二".encode()]:
            for client in clients:
                client.sendall(message)
            for client in clients:
                assert client.recv(1024) == b"got it"
        for number, client in enumerate(clients):
            if number % 2:
                client.sendall(b"ex")
                server.wait_for("connected")
                client.sendall(b"it")
                assert b"bye" in read_all(client)
            else:
                client.sendall(b"exit\r\n")
                assert read_all(client) == b"bye"
            client.close()


# The bank


def test_bank_simple():
    """one teller serves each customer once, in the order they came"""
    flags = ["--max-clients", "1", "--replies", "1", "--reply", "served"]
    with Server("listen", *flags, "127.0.0.1:0") as server:
        customers = []
        for number in range(5):
            customer = connect(server)
            customers.append(customer)
            server.wait_for(f"[{number + 1}]")
        # The last ones speak first: the order is that of coming, not of speaking.
        for customer in reversed(customers):
            customer.sendall(b"money")
        place = customers[4].getsockname()[1]
        for customer in customers:
            assert read_all(customer) == b"served"
            customer.close()
        server.wait_for("[5] 127.0.0.1:%d has its turn" % place)
    order = [line for line in server.errors.splitlines() if "has its turn" in line]
    assert [line.split()[0] for line in order] == ["[2]", "[3]", "[4]", "[5]"], order


def test_bank_advanced():
    """several tellers serve customers for as long as they stay, and the others wait, told on the server's screen"""
    with Server("listen", "--max-clients", "2", "--reply", "yes", "127.0.0.1:0") as server:
        customers = []
        for number in range(4):
            customer = connect(server)
            customers.append(customer)
            server.wait_for("connected" if number < 2 else f"[{number + 1}]")
        server.wait_for("waits for its turn, 1 before it")
        for customer in customers[:2]:
            for _ in range(3):
                customer.sendall(b"more")
                assert customer.recv(1024) == b"yes"
        # One of those who wait gives up; the other gets the teller that becomes free.
        customers[2].close()
        customers[0].close()
        customers[3].sendall(b"mine")
        assert customers[3].recv(1024) == b"yes"
        customers[1].close()
        customers[3].close()


# UDP


def test_udp_server():
    """listen --udp --once prints one datagram and its sender, answers it and ends"""
    with Server("listen", "--udp", "--once", "--reply", "nihao", "127.0.0.1:0") as server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(DEADLINE)
            client.bind(("127.0.0.1", 0))
            client.sendto(b"ni hao server", ("127.0.0.1", server.port))
            answer, source = client.recvfrom(1024)
            place = "127.0.0.1:%d" % client.getsockname()[1]
        assert (answer, source[1]) == (b"nihao", server.port)
        assert server.finish() == (0, b"ni hao server")
        assert place in server.errors, server.errors


def test_udp_client():
    """connect --udp prints the answer and where it came from, and ends"""

    def serve(listener):
        message, source = listener.recvfrom(1024)
        assert message == b"ni hao server"
        listener.sendto("你好".encode(), source)

    with TutorialServer(serve, socket.SOCK_DGRAM) as server:
        result = sockeye("connect", "--udp", "--send", "ni hao server", f"127.0.0.1:{server.port}")
    assert (result.returncode, result.stdout.decode()) == (0, "你好"), result
    assert f"127.0.0.1:{server.port}".encode() in result.stderr


def test_udp_unexpected_source():
    """an answer from somebody else is marked"""

    def serve(listener):
        _, source = listener.recvfrom(1024)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"psst", source)
        listener.sendto(b"yes", source)

    with TutorialServer(serve, socket.SOCK_DGRAM) as server:
        result = sockeye("connect", "--udp", "--json", "--send", "?", f"127.0.0.1:{server.port}")
    received = [line for line in result.stdout.decode().splitlines() if '"event":"received"' in line]
    assert ['"unexpected":true' in line for line in received] == [True, False], received


def test_udp_sizes():
    """empty datagrams and those of 65,507 bytes are echoed whole, and told"""
    with Server("listen", "--udp", "--echo", "127.0.0.1:0", stdout=open("/dev/null", "wb")) as server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(DEADLINE)
            client.connect(("127.0.0.1", server.port))
            for size in [0, 1, 1472, 65_507, 0]:
                client.send(b"x" * size)
                assert client.recv(70_000) == b"x" * size
        server.wait_for("an empty datagram from 127.0.0.1:")


def test_udp_truncated():
    """a datagram larger than --max-datagram is cut and marked, one that just fits is not"""
    with Server("listen", "--udp", "--max-datagram", "100", "--json", "127.0.0.1:0") as server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", server.port))
            client.send(b"a" * 100)
            client.send(b"b" * 101)
            line = b""
            while b'"text":"bbb' not in line:
                line = server.process.stdout.readline()
                assert (b'"truncated":true' in line) == (b"bbb" in line), line
            assert b'"bytes":100' in line, line


def test_udp_loop_ends():
    """two programs that answer every datagram do not answer each other for ever"""
    flags = ["listen", "--udp", "--reply", "and you?", "127.0.0.1:0"]
    with Server(*flags, stdout=open("/dev/null", "wb")) as server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.settimeout(2)
            other.connect(("127.0.0.1", server.port))
            other.send(b"how are you?")
            answers = 0
            try:
                while other.recv(1024):
                    answers += 1
                    assert answers < 100_000
                    other.send(b"how are you?")
            except TimeoutError:
                pass
        server.wait_for("answers our answers by itself")
    assert answers > 10, answers


if __name__ == "__main__":
    support.main(globals())
