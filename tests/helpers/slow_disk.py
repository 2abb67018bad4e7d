"""A disk that answers slowly or not at all, as a network's may: a file system in the memory of another process (FUSE).

Run as a program, it serves what was mounted. Only what the tests need is there: files and directories, no links.
"""

import contextlib
import ctypes
import os
import pathlib
import random
import signal
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterator


class SlowDisk:
    """What a test does to the disk at `place`."""

    def __init__(self, place: pathlib.Path, control: pathlib.Path, server: subprocess.Popen[bytes]):
        self.place, self._control, self._server = place, control, server

    def slow(self, low: float, high: float) -> None:
        """From now on each write takes between `low` and `high` seconds."""
        self._control.write_text(f"{low} {high}")

    def hang(self) -> None:
        """From now on nothing that is asked of it returns."""
        self._server.send_signal(signal.SIGSTOP)

    def answer(self) -> None:
        """It is there again."""
        self._server.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def mounted_slow_disk(folder: pathlib.Path) -> Iterator[SlowDisk]:
    """Mounts one in `folder`; an `OSError` where this user may not, or the system knows no FUSE."""
    place, control = folder / "disk", folder / "control"
    place.mkdir()
    control.write_text("0 0")
    device = os.open("/dev/fuse", os.O_RDWR)
    try:
        settings = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}".encode()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"slow", os.fsencode(place), b"fuse", 0, settings):
            raise OSError(ctypes.get_errno(), "mount")
        server = subprocess.Popen([sys.executable, __file__, str(device), str(control)], pass_fds=[device])
    finally:
        os.close(device)
    try:
        yield SlowDisk(place, control, server)
    finally:
        server.kill()  # what still waits for it gets an error
        server.wait()
        libc.umount2(os.fsencode(place), 2)


# What follows is the protocol of <linux/fuse.h>, version 7.31.

_IN, _OUT = struct.Struct("<IIQQIIII"), struct.Struct("<IiQ")
_NO_ENTRY, _EXISTS, _UNKNOWN = -2, -17, -38


class _Server:
    """Files by their number: a `bytearray`, or a `dict` of names and numbers for a directory. 1 is the root."""

    def __init__(self, device: int, control: str):
        self._device, self._control = device, control
        self._files: dict[int, bytearray | dict[bytes, int]] = {1: {}}

    def serve(self) -> None:
        answers = {
            1: self._look_up,
            **dict.fromkeys((3, 4), self._attributes),
            **{9: self._make_directory, 10: self._remove, 11: self._remove, 15: self._read, 16: self._write},
            **{17: self._statistics, 26: self._begin, 28: self._list, 35: self._create},
            **dict.fromkeys((14, 27), lambda *_: struct.pack("<QII", 0, 0, 0)),  # opened
            **dict.fromkeys((18, 20, 25, 29, 30, 34), lambda *_: b""),  # closed, flushed, allowed
        }
        while True:
            try:
                request = os.read(self._device, 1 << 20)
            except OSError:  # unmounted
                return
            _, what, unique, node, *_ = _IN.unpack_from(request)
            if what in (2, 36, 42):  # nothing is answered to what is forgotten or interrupted
                continue
            answer = answers.get(what, lambda *_: _UNKNOWN)(node, request[_IN.size :], what)
            error, data = (answer, b"") if isinstance(answer, int) else (0, answer)
            with contextlib.suppress(OSError):  # nobody waits any more
                os.write(self._device, _OUT.pack(_OUT.size + len(data), error, unique) + data)

    def _begin(self, node, data, what):
        return struct.pack("<IIIIHHIIHHI28x", 7, 31, 1 << 16, 0, 12, 9, 1 << 17, 1, 32, 0, 0)

    def _described(self, node):
        file = self._files[node]
        size, mode = (len(file), stat.S_IFREG | 0o666) if isinstance(file, bytearray) else (0, stat.S_IFDIR | 0o777)
        return struct.pack("<6Q10I", node, size, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def _entry(self, node):
        return struct.pack("<QQQQII", node, 0, 0, 0, 0, 0) + self._described(node)

    def _look_up(self, node, data, what):
        found = self._files[node].get(data.rstrip(b"\0"))
        return _NO_ENTRY if found is None else self._entry(found)

    def _attributes(self, node, data, what):
        if what == 4:
            valid, size = struct.unpack_from("<I12xQ", data)
            if valid & 8:
                del self._files[node][size:]
        return struct.pack("<QII", 0, 0, 0) + self._described(node)

    def _add(self, node, name, file):
        if name in self._files[node]:
            return _EXISTS
        number = max(self._files) + 1
        self._files[number], self._files[node][name] = file, number
        return self._entry(number)

    def _make_directory(self, node, data, what):
        return self._add(node, data[8:].rstrip(b"\0"), {})

    def _create(self, node, data, what):
        made = self._add(node, data[16:].rstrip(b"\0"), bytearray())
        return made if isinstance(made, int) else made + struct.pack("<QII", 0, 0, 0)

    def _remove(self, node, data, what):
        return b"" if self._files[node].pop(data.rstrip(b"\0"), None) else _NO_ENTRY

    def _read(self, node, data, what):
        _, offset, size = struct.unpack_from("<QQI", data)
        return bytes(self._files[node][offset : offset + size])

    def _write(self, node, data, what):
        _, offset, size = struct.unpack_from("<QQI", data)
        time.sleep(random.uniform(*map(float, pathlib.Path(self._control).read_text().split())))
        self._files[node][offset : offset + size] = data[40 : 40 + size]
        return struct.pack("<II", size, 0)

    def _list(self, node, data, what):
        _, offset = struct.unpack_from("<QQ", data)
        listed = b""
        for number, (name, file) in list(enumerate(self._files[node].items(), 1))[offset : offset + 50]:
            kind = 8 if isinstance(self._files[file], bytearray) else 4
            listed += struct.pack("<QQII", file, number, len(name), kind) + name + b"\0" * (-len(name) % 8)
        return listed[: struct.unpack_from("<I", data, 16)[0]]

    def _statistics(self, node, data, what):
        return struct.pack("<5Q4I24x", 1 << 20, 1 << 20, 1 << 20, 0, 0, 4096, 255, 4096, 0)


if __name__ == "__main__":
    _Server(int(sys.argv[1]), sys.argv[2]).serve()
