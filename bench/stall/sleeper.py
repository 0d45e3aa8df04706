"""sleeper: a follower that can be left unread, and says what it knew and when it knew the newest once it reads again."""
import base64
import contextlib
import os
import re
import select
import socket
import struct
import time

CLOCK_US = 800_000_000  # when the time in a position begins anew: bench/load/stamp.h
PING, PONG, TEXT = 9, 10, 1
POSITION = re.compile(rb'"userId":(\d+),"lat":([\d.]+),"lng":([\d.]+)')
REQUEST = (
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: {}\r\n\r\n"
)


def frame(opcode, payload):
    """A client's frame; the mask is zero, so that the payload stays as it is."""
    length = len(payload)
    head = bytes([0x80 | opcode, 0x80 | length]) if length < 126 else struct.pack(">BBH", 0x80 | opcode, 0x80 | 126, length)
    return head + b"\0\0\0\0" + payload


def take_frame(data):
    """(opcode, payload, what is behind it), or None when it has not come whole. A server's frame, shorter than 64 KiB."""
    if len(data) < 4:
        return (data[0] & 15, b"", data[2:]) if len(data) >= 2 and data[1] == 0 else None
    length, begin = data[1] & 127, 2
    if length == 126:
        length, begin = struct.unpack_from(">H", data, 2)[0], 4
    end = begin + length
    return (data[0] & 15, data[begin:end], data[end:]) if len(data) >= end else None


def is_older(lat, than):
    """Positions of one runner: their latitude is the time they were sent at."""
    return 0 < (round(than * 1e7) - round(lat * 1e7)) % CLOCK_US < CLOCK_US / 2


class Sleeper:
    def __init__(self, port, ids, receive_bytes=0, snapshot=False):
        self.ids = ids
        self.data = b""
        self.known = {}  # runner: (lat, lng)
        self.older = 0  # positions that came behind a newer one
        self.pongs = 0
        self.is_closed = False
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(REQUEST.format(base64.b64encode(os.urandom(16)).decode()).encode())
        while b"\r\n\r\n" not in self.data:
            self.data += self.socket.recv(1)
        self.data = b""
        wish = '{"initialRequest":true,"following":%s,"userId":1000000%s}' % (ids, ',"snapshot":true' if snapshot else "")
        self.socket.sendall(frame(TEXT, wish.encode()))
        self.socket.setblocking(False)

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.socket.close()

    def knows(self, newest):
        return all(self.known.get(id) == newest[id] for id in self.ids)

    def take_position(self, id, position):
        self.older += id in self.known and is_older(position[0], self.known[id][0])
        self.known[id] = position

    def read(self):
        """What has come, with an answer to each ping."""
        try:
            got = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            got = b""
        self.is_closed |= not got
        self.data += got
        while (it := take_frame(self.data)) is not None:
            opcode, payload, self.data = it
            if opcode == PING:
                self.pongs += 1
                with contextlib.suppress(OSError):
                    self.socket.send(frame(PONG, payload))
            for id, lat, lng in POSITION.findall(payload):
                self.take_position(int(id), (float(lat), float(lng)))


def read_while(sleepers, condition, seconds):
    """Read from all while the condition holds, at most so long."""
    end = time.monotonic() + seconds
    while condition() and time.monotonic() < end:
        awake = [it for it in sleepers if not it.is_closed]
        for it in select.select(awake, [], [], 0.05)[0]:
            it.read()
