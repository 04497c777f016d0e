#!/usr/bin/env python3
"""The console's sessions over Sockeye's own TCP/IP (`--stack`), and the kernel's programs at the other end."""

import socket

import support
from stack import Device
from support import DEADLINE
from support_console import Console, port_of


def test_tcp_over_the_own_stack():
    """A server of the own stack talks to the kernel's client, and its status is the engine's truth"""
    with Device() as device, Console(*device.stack) as console:
        hello = console.do("hello")
        assert hello["stack"] == device.stack[1] and device.own in hello["addresses"], hello
        assert "unix-server" not in hello["protocols"] and "tcp-server" in hello["protocols"], hello
        server = console.open(protocol="tcp-server", local=f"{device.own}:0")
        assert f"--stack {device.stack[1]}" in server["command"], server
        with socket.create_connection((device.own, port_of(server)), DEADLINE) as peer:
            number = console.event("opened")["peer"]
            peer.sendall("你好".encode())
            assert console.event("received")["text"] == "你好"
            console.do("status", session=server["id"], every="100ms")
            console.do("send", session=server["id"], message={"text": "x" * 100_000})
            got = 0
            while got < 100_000:
                got += len(peer.recv(65_536))
            while True:
                status = console.event("status", peer=number)
                assert status["tcp"] == "engine" and status["state"] == "ESTABLISHED" and status["rtt"] > 0, status
                assert status["recovery"] == "open" and status["segmentSize"] > 0, status
                if status["sendQueue"] == 0:
                    break
        assert console.event("closed")["cause"] == "peer-fin"


def test_clients_and_datagrams_over_the_own_stack():
    """A client and datagrams of the own stack reach the kernel's programs; Unix sockets are refused with a sentence"""
    with Device() as device, Console(*device.stack) as console, socket.create_server((device.kernel, 0)) as listener:
        listener.settimeout(DEADLINE)
        client = console.open(protocol="tcp-client", remote=f"{device.kernel}:{listener.getsockname()[1]}")
        with listener.accept()[0] as peer:
            assert peer.getpeername()[0] == device.own
            console.do("send", session=client["id"], message={"text": "hello"})
            assert peer.recv(10) == b"hello"
        console.event("closed", session=client["id"])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.settimeout(DEADLINE)
            other.bind((device.kernel, 0))
            udp = console.open(protocol="udp", local=f"{device.own}:0", remote=f"{device.kernel}:{other.getsockname()[1]}")
            console.do("send", session=udp["id"], message={"text": "datagram"})
            data, address = other.recvfrom(100)
            assert data == b"datagram" and address[0] == device.own
            other.sendto(b"answer", address)
            assert console.event("received", session=udp["id"])["text"] == "answer"
        refused = console.ask("open", settings={"protocol": "unix-server", "local": "/nowhere/x"})
        assert refused["error"]["kind"] == "usage", refused


if __name__ == "__main__":
    support.main(globals())
