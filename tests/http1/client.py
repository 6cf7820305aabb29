"""A client that sends raw bytes and keeps whatever comes back."""
import asyncio
import time

import strict_parser

IDLE_SECONDS = 0.12   # silence after the last answer of several
TOTAL_SECONDS = 6.0


class Reply:
    def __init__(self):
        self.data = b''
        self.ended = False  # the proxy closed the connection
        self.reset = False  # and that by a cut
        self.messages = []

    def finals(self):
        return [message for message in self.messages if message.status and message.status >= 200]


async def exchange(port, raw, methods, first_seconds, idle_seconds=IDLE_SECONDS, enough=None):
    """Sends `raw` and reads until silence, the end, or `enough` complete final responses."""
    reply = Reply()
    reader, writer = await asyncio.open_connection('127.0.0.1', port)
    started = time.monotonic()
    try:
        writer.write(raw)
        while time.monotonic() - started < TOTAL_SECONDS:
            try:
                data = await asyncio.wait_for(reader.read(65536), idle_seconds if reply.data else first_seconds)
            except asyncio.TimeoutError:
                break
            except ConnectionError:
                reply.ended = reply.reset = True
                break
            if not data:
                reply.ended = True
                break
            reply.data += data
            if enough is not None:
                reply.messages = strict_parser.parse_responses(reply.data, methods, False)
                if sum(message.complete for message in reply.finals()) >= enough:
                    break
    finally:
        writer.close()
    reply.messages = strict_parser.parse_responses(reply.data, methods, reply.ended and not reply.reset)
    return reply
