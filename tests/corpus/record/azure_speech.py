"""A local stand-in for Azure Speech, for Microsoft's own Speech SDK, which Pipecat's Azure services use.

The SDK speaks to a websocket. Text messages have headers and a JSON body; binary messages consist of the length of
their headers, the headers, and audio.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct

from aiohttp import WSMsgType, web

TICKS = 10_000_000  # in a second


class Headers(dict):
    """Headers of a message, by name in lower case."""

    def __init__(self, text: str):
        pairs = (line.split(":", 1) for line in text.split("\r\n") if ":" in line)
        super().__init__((name.lower(), value.strip()) for name, value in pairs)


async def send(socket: web.WebSocketResponse, path: str, request: str, body: dict):
    headers = f"X-RequestId:{request}\r\nContent-Type:application/json; charset=utf-8\r\nPath:{path}\r\n\r\n"
    await socket.send_str(headers + json.dumps(body))


class AzureSpeech:
    """Speech to text and text to speech, as a part of `Providers`."""

    async def azure_stt(self, request: web.Request) -> web.WebSocketResponse:
        """Continuous recognition: a phrase is final after some silence."""
        socket = web.WebSocketResponse(protocols=["USP"])
        await socket.prepare(request)
        self.note("stt opened", query=dict(request.query))
        voice, turn, interim_sent = self.voice_detector(16000), None, False
        async for message in socket:
            if message.type is not WSMsgType.BINARY:
                continue
            (length,) = struct.unpack(">H", message.data[:2])
            headers = Headers(message.data[2 : 2 + length].decode())
            audio = message.data[2 + length :]
            if headers.get("content-type") == "audio/x-wav":
                continue  # the header of the audio, of unknown length
            if turn is None:
                turn = headers["x-requestid"]
                await send(socket, "turn.start", turn, {"context": {"serviceTag": "tag"}})
            if not audio:  # the client stops
                await send(socket, "speech.endDetected", turn, {"Offset": int(voice.total * TICKS)})
                await send(socket, "turn.end", turn, {})
                break
            voice.feed(audio)
            if (utterance := voice.utterance) is None:
                continue
            begin = voice.total - voice.voiced - voice.silent
            times = {"Offset": int(begin * TICKS), "Duration": int(voice.voiced * TICKS)}
            if utterance.interim and not interim_sent and voice.voiced > 0.5:
                interim_sent = True
                self.note("stt interim", text=utterance.interim, heard=round(voice.total, 3))
                await send(socket, "speech.startDetected", turn, {"Offset": times["Offset"]})
                await send(socket, "speech.hypothesis", turn, {"Text": utterance.interim} | times)
            if voice.silent >= utterance.after:
                self.note("stt final", text=utterance.final, heard=round(voice.total, 3))
                phrase = {"RecognitionStatus": "Success", "DisplayText": utterance.final}
                await send(socket, "speech.phrase", turn, phrase | times)
                voice.end_utterance()
                interim_sent = False
        self.note("stt closed", heard=round(voice.total, 3))
        return socket

    async def azure_tts(self, request: web.Request) -> web.WebSocketResponse:
        """Synthesis with word boundaries. Several texts share one connection."""
        socket = web.WebSocketResponse(protocols=["USP"])
        await socket.prepare(request)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            head, _, body = message.data.partition("\r\n\r\n")
            headers = Headers(head)
            if headers["path"] == "ssml":
                await self._azure_synthesis(socket, headers["x-requestid"], body)
        return socket

    async def _azure_synthesis(self, socket: web.WebSocketResponse, turn: str, ssml: str):
        text = " ".join(re.sub(r"<[^>]*>", " ", ssml).split())
        voice = re.search(r"voice name='([^']*)'", ssml)[1]
        self.note("tts request", text=text, voice=voice)
        synthesis = self.synthesis()
        await asyncio.sleep(synthesis.wait)
        await send(socket, "turn.start", turn, {"context": {"serviceTag": "tag"}})
        stream = {"type": "inline", "streamId": "stream"}
        await send(socket, "response", turn, {"context": {"serviceTag": "tag"}, "audio": stream})
        head = f"X-RequestId:{turn}\r\nContent-Type:audio/x-wav\r\nX-StreamId:stream\r\nPath:audio\r\n".encode()
        head = struct.pack(">H", len(head)) + head
        seconds = 0.0
        for word in re.findall(r"[\w']+|[^\w\s]", text):
            is_word = word[0].isalnum()
            kind = "WordBoundary" if is_word else "PunctuationBoundary"
            boundary = {"Text": word, "Length": len(word), "BoundaryType": kind}
            audio = self.tone(word + " " if is_word else word, 16000)
            times = {"Offset": int(seconds * TICKS), "Duration": int(len(audio) / 32000 * TICKS)}
            data = {"Type": "WordBoundary", "Data": times | {"text": boundary}}
            await send(socket, "audio.metadata", turn, {"Metadata": [data]})
            await socket.send_bytes(head + audio)
            seconds += len(audio) / 32000
            await asyncio.sleep(0.01)
        await socket.send_bytes(head)  # the end of the audio
        await send(socket, "turn.end", turn, {})
        self.note("tts done", text=text, seconds=round(seconds, 3))
