"""HTTP/1.1 by hand, because a well-behaved client library cannot send what these tests need."""

import http.client
import select
import socket
from dataclasses import dataclass


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes


class Connection:
    """A TCP connection to `address` (`host:port`)."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def answered(self):
        """Whether bytes have come."""
        return bool(select.select([self.socket], [], [], 0)[0])

    def send_until_answered(self, pieces):
        """Sends `pieces` and stops when an answer comes before the end; whether all were sent."""
        for piece in pieces:
            if self.answered():
                return False
            try:
                self.socket.sendall(piece)
            except (BrokenPipeError, ConnectionResetError):
                return False
        return True

    def interim(self):
        """Reads an interim response, such as `100 Continue`, and returns its status line."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.socket.recv(1)
            assert byte, f"closed after {head!r}"
            head += byte
        return head.split(b"\r\n", 1)[0].decode()

    def answer(self):
        """Reads a response with its whole body."""
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())


def head(path, *fields, method="POST", host="gateway.test"):
    """A request's head; `fields` are whole header lines."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", "content-type: application/json", *fields, "", ""]
    return "\r\n".join(lines).encode()


def chunk(data):
    """`data` in chunked transfer coding; empty data is the end of the body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def post(address, path, body, *fields):
    """Sends exactly these bytes as the body."""
    with Connection(address) as connection:
        connection.send(head(path, f"content-length: {len(body)}", *fields) + body)
        return connection.answer()
