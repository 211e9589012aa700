"""An upstream that tells what of a request has come so far, because a provider that reads it whole cannot."""

import socket
import threading


class SlowUpstream:
    """Takes one connection, keeps what comes, and answers when it is told to."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.received = b""
        self._connection = None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        try:
            self._connection, _ = self.listener.accept()
            while more := self._connection.recv(65536):
                self.received += more
        except OSError:
            pass

    def head(self):
        """The head of the request by name, once it is there; the names are in lower case."""
        head, end, _ = self.received.partition(b"\r\n\r\n")
        if not end:
            return None
        lines = head.decode().split("\r\n")[1:]
        return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    def body(self):
        return self.received.partition(b"\r\n\r\n")[2]

    def answer(self, body, media="application/json", chunks=1, then=None):
        """Answers with `body`; in several chunks, it does `then` between them."""
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {media}\r\ncontent-length: {len(body)}\r\n\r\n"
        self._connection.sendall(head.encode())
        size = -(-len(body) // chunks)
        for start in range(0, len(body), size):
            self._connection.sendall(body[start : start + size])
            if then:
                then()

    def end(self):
        self.listener.close()
        if self._connection:
            self._connection.close()
