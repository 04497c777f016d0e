"""TLS over a socket of the test's own, whose ends come when the test says so."""

import ssl


class TLS:
    """One end of TLS. Python's own sockets read while they end; this one says `close_notify` and goes on listening."""

    def __init__(self, connection, context, **options):
        self.connection = connection
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.object = context.wrap_bio(self.incoming, self.outgoing, **options)
        while True:
            try:
                self.object.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self.incoming.write(connection.recv(1 << 16))
        self._flush()

    def _flush(self):
        if self.outgoing.pending:
            self.connection.sendall(self.outgoing.read())

    def send(self, data):
        self.object.write(data)
        self._flush()

    def end(self):
        """Says `close_notify`. What came with the handshake has been read before: OpenSSL looks at it while it ends."""
        self.heard = self._read_held()
        try:
            self.object.unwrap()
        except ssl.SSLWantReadError:
            pass
        self._flush()

    def _read_held(self):
        data = bytearray()
        try:
            while part := self.object.read(1 << 16):
                data += part
        except ssl.SSLWantReadError:
            pass
        return data

    def read_all(self):
        """Everything until the other end's `close_notify`; an end without one is an error."""
        data = self.heard
        while True:
            try:
                part = self.object.read(1 << 16)
                if not part:
                    return bytes(data)
                data += part
            except ssl.SSLZeroReturnError:
                return bytes(data)
            except ssl.SSLWantReadError:
                more = self.connection.recv(1 << 16)
                assert more, f"the end came without close_notify, after {len(data)} bytes"
                self.incoming.write(more)
