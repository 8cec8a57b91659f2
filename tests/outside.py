"""What is outside of a node, in a thread: mail, a program, a server with TLS."""

import asyncio
import contextlib
import threading

from tests.hooks import Hook
from tests.smtp import Postbox
from tests.waiting import LIMIT_S


class Outside:
    """A mail server and a program, and what each of them has heard."""

    def __init__(self):
        self.box, self.hook = Postbox(), Hook()
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        run = self._loop.run_until_complete
        self._thread = threading.Thread(target=lambda: run(self._run()))
        self._tasks, self._relays = set(), []

    async def _run(self):
        self._end = asyncio.Event()
        async with self.box.open() as port, self.hook.open() as url:
            self.port, self.url = port, url
            self._ready.set()
            await self._end.wait()
            ended = list(self._tasks)
            await self._end_relays()
            await asyncio.gather(*ended, return_exceptions=True)

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(LIMIT_S)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(LIMIT_S)
        self._loop.close()

    def relay(self, context, port, to_port):
        """Answer on `port` (0: any) with this certificate, for a node; its port."""
        begun = self._begin_relay(context, port, to_port)
        return asyncio.run_coroutine_threadsafe(begun, self._loop).result(LIMIT_S)

    def end_relays(self):
        """Take them away, with every connection."""
        ended = self._end_relays()
        asyncio.run_coroutine_threadsafe(ended, self._loop).result(LIMIT_S)

    async def _begin_relay(self, context, port, to_port):
        async def join(reader, writer):
            self._tasks.add(asyncio.current_task())
            far = None
            try:
                far_reader, far = await asyncio.open_connection("127.0.0.1", to_port)
                await asyncio.gather(carry(reader, far), carry(far_reader, writer))
            except (OSError, asyncio.CancelledError):
                pass  # it is taken away
            finally:
                for one in filter(None, (writer, far)):
                    one.transport.abort()
                self._tasks.discard(asyncio.current_task())

        server = await asyncio.start_server(join, "127.0.0.1", port, ssl=context)
        self._relays.append(server)
        return server.sockets[0].getsockname()[1]

    async def _end_relays(self):
        while self._relays:
            self._relays.pop().close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.sleep(0.1)

    def mark(self):
        """How much both have heard by now."""
        return len(self.hook.requests), len(self.box.messages)

    def has_heard(self, state, code, mark):
        """Whether both were told that since `mark`; mails are in Indonesian."""
        requests, mails = mark
        by_hook = any((s, c) == (state, code) for s, c, _ in self.hook.alarms(requests))
        return by_hook and any(
            f"({code})" in part
            for mail in self.box.mails()[mails:]
            for part in mail.get_body().get_content().split("\r\n\r\n")
            if part.startswith("[selesai]") is (state == "settled")
        )


async def carry(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()
