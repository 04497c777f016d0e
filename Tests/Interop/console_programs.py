#!/usr/bin/env python3
"""The programs of tutorials on sockets, in each of their roles, as processes of their own: the console is whom they talk to.

What they say has no terminator; a zero-length read is how they learn of an end; some of them speak UTF-8, others GBK.
"""

import queue
import sys
import textwrap
import threading

import support
from conversation_network import multicast_interface
from support import DEADLINE
from support_console import Console, port_of

TCP_CLIENT = """
    from socket import *
    import sys
    client = socket(AF_INET, SOCK_STREAM)
    client.connect(("127.0.0.1", int(sys.argv[1])))
    client.send(sys.argv[3].encode(sys.argv[2]))
    print(client.recv(1024).decode(sys.argv[2]), flush=True)
    client.close()
"""

TCP_SERVER = """
    from socket import *
    import sys
    server = socket(AF_INET, SOCK_STREAM)
    server.setsockopt(SOL_SOCKET, SO_REUSEADDR, True)
    server.bind(("127.0.0.1", 0))
    server.listen(128)
    print(server.getsockname()[1], flush=True)
    for _ in range(int(sys.argv[1])):
        client, address = server.accept()
        while True:
            data = client.recv(1024)
            if not data:
                break
            print(address[0], data.decode(sys.argv[2]), flush=True)
            client.send("哈哈 haha".encode(sys.argv[2]))
        client.close()
    server.close()
"""

TCP_SERVER_FOR_MANY = """
    from socket import *
    import sys, threading
    def serve(client):
        client.send("欢迎".encode(sys.argv[2]))
        while True:
            data = client.recv(1024).decode(sys.argv[2])
            if data in ("", "exit"):
                break
            client.send(("收到: " + data).encode(sys.argv[2]))
        client.send("再见".encode(sys.argv[2]))
        client.close()
    server = socket(AF_INET, SOCK_STREAM)
    server.bind(("127.0.0.1", 0))
    server.listen(128)
    print(server.getsockname()[1], flush=True)
    threads = []
    for _ in range(int(sys.argv[1])):
        client, _ = server.accept()
        threads.append(threading.Thread(target=serve, args=(client,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
"""

UDP_CLIENT = """
    from socket import *
    import sys
    client = socket(AF_INET, SOCK_DGRAM)
    client.sendto(sys.argv[3].encode(sys.argv[2]), ("127.0.0.1", int(sys.argv[1])))
    data, address = client.recvfrom(1024)
    print(data.decode(sys.argv[2]), address[1], flush=True)
    client.close()
"""

UDP_SERVER = """
    from socket import *
    import sys
    server = socket(AF_INET, SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    data, address = server.recvfrom(1024)
    print(data.decode(sys.argv[1]), flush=True)
    server.sendto("nihao 你好".encode(sys.argv[1]), address)
    server.close()
"""

GROUP_MEMBER = """
    from socket import *
    import struct, sys
    member = socket(AF_INET, SOCK_DGRAM)
    member.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    member.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1)
    member.bind(("", int(sys.argv[2])))
    interface = struct.pack("4s4si", inet_aton(sys.argv[1]), bytes(4), if_nametoindex(sys.argv[4]))
    member.setsockopt(IPPROTO_IP, IP_ADD_MEMBERSHIP, interface)
    member.setsockopt(IPPROTO_IP, IP_MULTICAST_IF, interface)
    print("joined", flush=True)
    data = member.recv(1024)
    print(data.decode(sys.argv[3]), flush=True)
    member.sendto("组播".encode(sys.argv[3]), (sys.argv[1], int(sys.argv[2])))
"""

ENCODINGS = ("utf-8", "gbk")


class Tutorial(support.Program):
    """One of these programs, which reads what it prints from the beginning."""

    def __init__(self, script, *arguments):
        super().__init__(sys.executable, "-c", textwrap.dedent(script), *map(str, arguments), env={"PYTHONIOENCODING": "utf-8"})

        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.decode().rstrip("\n"))
        self.lines.put(None)

    def line(self):
        """The next line that it prints; None at its end."""
        try:
            return self.lines.get(timeout=DEADLINE)
        except queue.Empty:
            raise AssertionError(f"{self.arguments[2][:200]} prints nothing; it said:\n{self.errors}") from None

    def end(self):
        """Its last lines and its end, which is in order."""
        rest = list(iter(self.line, None))
        assert self.process.wait(DEADLINE) == 0, self.errors
        return "\n".join(rest)


def test_tcp_client():
    """A client says one message and reads once: it gets what one peer is told, by hand and by a rule, in its encoding"""
    with Console() as console:
        for encoding in ENCODINGS:
            server = console.open(protocol="tcp-server", local="127.0.0.1:0", encoding=encoding)
            with Tutorial(TCP_CLIENT, port_of(server), encoding, "你好, 服务器") as first:
                heard = console.event("received", session=server["id"])
                assert heard["text"] == "你好, 服务器", heard
                console.do("send", session=server["id"], to=[heard["peer"]], message={"text": "谢谢, tcp client"})
                assert first.end() == "谢谢, tcp client"
            assert console.event("closed", session=server["id"])["cause"] == "peer-fin"
            rule = {"when": {"contains": {"text": "钱"}}, "answer": {"text": "haha 哈哈"}}
            console.do("rules", session=server["id"], rules=[rule])
            with Tutorial(TCP_CLIENT, port_of(server), encoding, "存钱") as second:
                assert second.end() == "haha 哈哈"


def test_all_tcp_clients_at_once():
    """Several clients are told one message all together, and one of them alone"""
    with Console() as console:
        server = console.open(protocol="tcp-server", local="127.0.0.1:0", encoding="gbk")
        with Tutorial(TCP_CLIENT, port_of(server), "gbk", "一") as one, Tutorial(TCP_CLIENT, port_of(server), "gbk", "二") as two:
            heard = {console.event("received", session=server["id"])["text"] for _ in range(2)}
            assert heard == {"一", "二"}, heard
            assert len(console.do("send", session=server["id"], message={"text": "全体注意"})["peers"]) == 2
            assert one.end() == two.end() == "全体注意"


def test_tcp_server_in_turn():
    """A server that serves one client after the other answers each message; the next client waits in its backlog until then"""
    with Console() as console:
        for encoding in ENCODINGS:
            with Tutorial(TCP_SERVER, 2, encoding) as program:
                remote = f"127.0.0.1:{program.line()}"
                first, second = (console.open(protocol="tcp-client", remote=remote, encoding=encoding) for _ in range(2))
                console.do("send", session=second["id"], message={"text": "等待"})
                for said in ("你好", "再见"):
                    console.do("send", session=first["id"], message={"text": said})
                    assert program.line() == f"127.0.0.1 {said}"
                    assert console.event("received", session=first["id"])["text"] == "哈哈 haha"
                console.do("close", session=first["id"])
                assert program.line() == "127.0.0.1 等待"
                assert console.event("received", session=second["id"])["text"] == "哈哈 haha"
                console.do("half-close", session=second["id"], peer=1)
                assert program.end() == ""
            assert console.event("closed", session=second["id"])["received"] == len("哈哈 haha".encode(encoding))


def test_tcp_server_for_many():
    """A server with a thread for each client greets, answers, and says good-bye to whom says exit"""
    with Console() as console:
        for encoding in ENCODINGS:
            with Tutorial(TCP_SERVER_FOR_MANY, 2, encoding) as program:
                remote = f"127.0.0.1:{program.line()}"
                clients = [console.open(protocol="tcp-client", remote=remote, encoding=encoding) for _ in range(2)]
                for client in clients:
                    assert console.event("received", session=client["id"])["text"] == "欢迎"
                for client in clients:
                    console.do("send", session=client["id"], message={"text": "测试"})
                    assert console.event("received", session=client["id"])["text"] == "收到: 测试"
                for client in clients:
                    console.do("send", session=client["id"], message={"text": "exit"})
                    assert console.event("received", session=client["id"])["text"] == "再见"
                    console.event("closed", session=client["id"])
                program.end()


def test_udp_programs():
    """A client of UDP that isn't connected is answered from where it spoke to, and a server is spoken to"""
    with Console() as console:
        for encoding in ENCODINGS:
            udp = console.open(protocol="udp", local="127.0.0.1:0", encoding=encoding)
            with Tutorial(UDP_CLIENT, port_of(udp), encoding, "ni hao 服务器") as client:
                heard = console.event("received", session=udp["id"])
                assert heard["text"] == "ni hao 服务器", heard
                console.do("send", session=udp["id"], to=[heard["peer"]], message={"text": "你也好"})
                assert client.end() == f"你也好 {port_of(udp)}"
            with Tutorial(UDP_SERVER, encoding) as server:
                peer = console.do("add-peer", session=udp["id"], address=f"127.0.0.1:{server.line()}")["peer"]
                console.do("send", session=udp["id"], to=[peer], message={"text": "问候"})
                assert server.end() == "问候"
            assert console.event("received", session=udp["id"], peer=peer)["text"] == "nihao 你好"


def test_multicast_programs():
    """A member of a group hears what the console says to it, and is heard"""
    interface = multicast_interface()
    with Console() as console:
        for group, encoding in (("239.77.1.2", "utf-8"), ("239.77.1.3", "gbk")):
            listener, port = support.loopback_listener()
            listener.close()
            session = console.open(protocol="multicast", remote=f"{group}:{port}", interface=interface, loopback=True, encoding=encoding)
            with Tutorial(GROUP_MEMBER, group, port, encoding, interface) as member:
                assert member.line() == "joined"
                console.do("send", session=session["id"], message={"text": "大家好"})
                assert member.end() == "大家好"
            # The console is a member, too, and hears itself.
            texts = [console.event("received", session=session["id"])["text"] for _ in range(2)]
            assert texts == ["大家好", "组播"], texts


if __name__ == "__main__":
    support.main(globals())
