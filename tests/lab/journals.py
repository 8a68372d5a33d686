"""What the journals of a shared directory say of jobs: every version of each
that still lies there, and which of them are the end of an attempt."""
import os
import struct

FRAME_FIRST, FRAME_HEADER, FRAME_ALIGN = 1024, 16, 8
KEY, TOKEN, STEP, STATE, HELD = 1, 2, 3, 21, 27
READY, ERROR, CANCELLED = 3, 4, 5
STATES = ("", "pending", "processing", "ready", "error", "cancelled")


def fields(payload):
    """(tag, bytes) of each."""
    at = 0
    while at + 3 <= len(payload):
        tag, size = struct.unpack_from("<BH", payload, at)
        yield tag, payload[at + 3:at + 3 + size]
        at += 3 + size


def number(body):
    return int.from_bytes(body, "little")


def payloads(data):
    """Of each frame of a segment, in order."""
    at = FRAME_FIRST
    while at + FRAME_HEADER <= len(data):
        _, size, _, _ = struct.unpack_from("<4I", data, at)
        if size == 0:
            return
        yield data[at + FRAME_HEADER:at + FRAME_HEADER + size]
        at += (FRAME_HEADER + size + FRAME_ALIGN - 1) & ~(FRAME_ALIGN - 1)


def segments(shared):
    """The bytes of each."""
    for folder, _, names in os.walk(os.path.join(shared, "journal")):
        for name in sorted(names):
            try:
                with open(os.path.join(folder, name), "rb") as file:
                    yield file.read()
            except FileNotFoundError:
                pass  # dropped meanwhile


def ends(shared, wanted=None):
    """id -> {(state, token, step, token of the attempt)} of every record that
    ends one of the jobs WANTED, or of all."""
    found = {}
    for data in segments(shared):
        for payload in payloads(data):
            if b"job/" not in payload[:16]:
                continue
            record = dict(fields(payload))
            key = record.get(KEY, b"").decode("ascii", "replace")
            state = number(record.get(STATE, b""))
            if not key.startswith("job/") or state < READY or \
                    (wanted is not None and key[4:] not in wanted):
                continue
            found.setdefault(key[4:], set()).add((
                STATES[state], number(record.get(TOKEN, b"")),
                number(record.get(STEP, b"")),
                number(record.get(HELD, b""))))
    return found
