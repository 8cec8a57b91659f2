"""Parts of a form whose fields are none: each stands behind a boundary."""

NO_PARTS = [
    b"no field\r\n\r\nx\r\n--x--\r\n",
    b"\xff: x\r\n\r\nx\r\n--x--\r\n",
    b"X: " + b"a" * 20_000 + b"\r\n\r\nx\r\n--x--\r\n",
    b"".join(b"X%d: 1\r\n" % number for number in range(500)) + b"\r\nx\r\n--x--\r\n",
]
