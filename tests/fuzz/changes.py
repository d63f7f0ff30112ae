"""Changes to text and to the containers of npz and PNG files, with their checksums put right."""

from __future__ import annotations

import copy
import io
import json
import random
import struct
import zipfile
import zlib

PIECES = (
    b"",
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f",
    b"-1",
    b"99999999999999999999",
    b"nan",
    b"1e999",
    b"\n",
)

SCALARS = (
    "0", "-1", "1", "2", "28", "4097", "2147483648", "9" * 30, "9" * 5000, "0x" + "f" * 300, "1.5", "nan",
    "inf", "-inf", "1e400", "true", '""', '"x"', '"\\u001b]0;P\\u0007"', "[]", "{}", "[[1]]", "{a = 1}",
    "1979-05-27T07:32:00Z", "07:32:00", '"' + "x" * 3000 + '"', "[" * 40 + "]" * 40, "'''\n'''",
)  # fmt: skip
"""Values of TOML, right ones and others."""


def any_bytes(data: bytes, rng: random.Random) -> bytes:
    """Some pieces replaced, taken away, doubled or cut off."""
    for _ in range(rng.randint(1, 4)):
        at, taken = rng.randint(0, len(data)), rng.choice((0, 1, 1, 4, 8, 200))
        how = rng.randrange(4)
        if how == 0:
            data = data[:at] + rng.choice(PIECES) + data[at + taken :]
        elif how == 1:
            data = data[:at] + rng.randbytes(rng.randint(1, 8)) + data[at + taken :]
        elif how == 2:
            data = data[: at + taken] + data[at:]
        else:
            data = data[:at] + data[at + taken :]
    return data[: rng.randint(0, len(data))] if rng.random() < 0.1 else data


def toml(data: bytes, rng: random.Random) -> bytes:
    """Lines exchanged, doubled, nested deeper, and given other values."""
    lines = data.decode().splitlines()
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(lines))
        key, equals, _ = lines[place].partition("=")
        how = rng.randrange(7)
        if how <= 2 and equals:
            lines[place] = f"{key}= {rng.choice(SCALARS)}"
        elif how == 3:
            lines.insert(rng.randrange(len(lines) + 1), lines[place])
        elif how == 4:
            depth = rng.choice((2, 20, 2000))
            lines.insert(place, ".".join("a" * depth) + " = 1")
        elif how == 5:
            lines.insert(place, "[" + ".".join("b" * rng.choice((1, 2, 20, 5000))) + "]")
        else:
            del lines[place]
            lines = lines or [""]
    changed = "\n".join(lines).encode()
    return any_bytes(changed, rng) if rng.random() < 0.3 else changed


JSON_VALUES: tuple[object, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**70,
    1e308,
    0.5,
    "",
    "x",
    "\x1b[2J",
    "A" * 4000,
    "AAAA",
    [],
    [1, "a"],
    {},
    {"a": 1},
)


def json_text(data: bytes, rng: random.Random) -> bytes:
    """Fields given other values or taken away, at any depth."""
    value = json.loads(data)
    for _ in range(rng.randint(1, 2)):
        _change_json(value, rng)
    text = json.dumps(value)
    if rng.random() < 0.2:
        text = text.replace("0.5", rng.choice(("NaN", "1e999", "-Infinity", "9" * 5000, "[" * 3000)))
    changed = text.encode()
    return any_bytes(changed, rng) if rng.random() < 0.3 else changed


def _change_json(value: object, rng: random.Random) -> None:
    while isinstance(value, (dict, list)) and value:
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        inner = value[key]
        if isinstance(inner, (dict, list)) and inner and rng.random() < 0.7:
            value = inner
            continue
        if isinstance(value, dict) and rng.random() < 0.2:
            del value[key]
        else:
            value[key] = copy.deepcopy(rng.choice(JSON_VALUES))  # which may be changed in its turn
        return


def npz(data: bytes, rng: random.Random) -> bytes:
    """Members of the archive with other headers, other data, other names, packed otherwise."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(rng.randint(1, 2)):
        name = rng.choice(list(members))
        how = rng.randrange(6)
        if how == 0:
            del members[name]
        elif how <= 3:
            members[name] = npy(members[name], rng)
        elif how == 4:
            members[name] = any_bytes(members[name], rng)
        else:
            members[rng.choice(list(members))] = members[name]
        if not members:
            break
    packed = io.BytesIO()
    method = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name), member, method)  # without the time of day
    changed = packed.getvalue()
    return any_bytes(changed, rng) if rng.random() < 0.3 else changed


HEADERS = (
    (b"'<f4'", b"'<f8'"), (b"'<f4'", b"'|O'"), (b"'<f4'", b"'<c8'"), (b"'<f4'", b"'<M8[s]'"),
    (b"'<f4'", b"'<U3'"),
    (b"'<U", b"'<U9"), (b"'<f4'", b"[('a','<f4')]"), (b"False", b"True"), (b"(", b"((1,),"), (b"(", b"(-1,"),
    (b"(", b"(True,"), (b"(", b"(10**9,"), (b"(", b"(99999999999999999999,"), (b"(", b"(0,"),
    (b"(", b"('a',"),
    (b"'descr'", b"'d'"), (b"{", b"["), (b"\x01\x00", b"\x02\x00"), (b"\x01\x00", b"\x03\x00"),
    (b"}", b"}+1"),
)  # fmt: skip


def npy(data: bytes, rng: random.Random) -> bytes:
    """An array with another header, or numbers that are none."""
    if rng.random() < 0.3 and len(data) > 132:
        at = rng.randrange(128, len(data) - 3)
        return (
            data[:at] + rng.choice((b"\0\0\xc0\x7f", b"\0\0\x80\x7f", b"\xff\xff\x7f\x7f")) + data[at + 4 :]
        )
    old, new = rng.choice(HEADERS)
    end = data.find(b"\n")
    if old not in data[:128] or end < 0:
        return any_bytes(data, rng)
    header = data[:end].replace(old, new, 1).rstrip()
    return header.ljust(end) + data[end:]  # what is as long as before says so


def png(data: bytes, rng: random.Random) -> bytes:
    """Chunks with other contents and right checksums, doubled, exchanged or left out."""
    chunks, at = [], 8
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        chunks.append((kind, data[at + 8 : at + 8 + length]))
        at += 12 + length
    for _ in range(rng.randint(1, 2)):
        place = rng.randrange(len(chunks))
        kind, content = chunks[place]
        how = rng.randrange(7)
        if how == 0:
            chunks.pop(place)
        elif how == 1:
            chunks.insert(rng.randrange(len(chunks) + 1), (kind, content))
        elif how == 2 and kind == b"IHDR":
            sides = [rng.choice((0, 1, 28, 4096, 9000, 65_535, 2**31 - 1)) for _ in range(2)]
            kinds = [rng.choice((1, 2, 8, 16)), rng.choice((0, 2, 3, 4, 6, 7)), 0, 0, rng.choice((0, 1))]
            chunks[place] = (kind, struct.pack(">II5B", *sides, *kinds))
        elif how == 3:
            text = rng.choice(
                (b"vaevis-tui\0{}", b"vaevis-tui\0\0" + zlib.compress(b" " * 5_000_000), b"\0\0\0", b"")
            )
            chunks.insert(1, (rng.choice((b"tEXt", b"zTXt", b"iTXt")), text))
        elif how == 4:
            extra = rng.choice(
                (b"eXIf", b"iCCP", b"acTL", b"fcTL", b"fdAT", b"tRNS", b"PLTE", b"gAMA", b"pHYs", b"tIME")
            )
            chunks.insert(
                rng.randint(1, len(chunks)),
                (extra, rng.choice((exif(rng), rng.randbytes(rng.randint(0, 40))))),
            )
        elif content:
            chunks[place] = (kind, any_bytes(content, rng))
        if not chunks:
            break
    body = b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    changed = data[:8] + body
    return any_bytes(changed, rng) if rng.random() < 0.2 else changed


def exif(rng: random.Random) -> bytes:
    """EXIF data with an orientation, as any type and any value."""
    order = rng.choice((b"II*\0", b"MM\0*", b"II+\0"))
    end = "<" if order[:1] == b"I" else ">"
    entries = [
        struct.pack(
            f"{end}HHI4s",
            rng.choice((0x112, 0x8769, 0x100)),
            rng.randint(0, 13),
            rng.choice((0, 1, 2, 2**31)),
            rng.randbytes(4),
        )
        for _ in range(rng.randint(0, 3))
    ]
    return (
        order
        + struct.pack(f"{end}IH", rng.choice((8, 0, 2**31)), rng.choice((len(entries), 9999)))
        + b"".join(entries)
        + b"\0\0\0\0"
    )
