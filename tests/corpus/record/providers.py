"""Local stand-ins for providers of speech and language services, for recordings with Pipecat's real service classes.

They speak the providers' wire protocols as the clients expect them, act on a script, and note what they received and
sent, with their own clock: the truth that a recording's expectation is written from.

    providers = Providers()
    await providers.start()                    # serves on 127.0.0.1, see `url`
    providers.utterances.append(Utterance("Hello there."))
    providers.answers.append(Answer("Hi!"))
    ...
    providers.truth                            # [{"wall": ns, "what": "llm request", …}, …]

Services: Azure OpenAI (chat completions), Azure Speech (see `azure_speech.py`), Amazon Bedrock (ConverseStream), Amazon
Transcribe (streaming), Amazon Polly, Deepgram Flux, Piper over HTTP. Needs aiohttp, which Pipecat brings.
"""

from __future__ import annotations

import asyncio
import binascii
import json
import struct
import time
import wave
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from aiohttp import WSMsgType, web

from azure_speech import AzureSpeech

SECONDS_PER_CHARACTER = 0.055  # of synthesized speech


@dataclass
class Utterance:
    """One utterance of the user, as speech-to-text recognizes it.

    Args:
        final: The transcript.
        interim: Sent as soon as half a second of voice was heard.
        after: Seconds of silence after which it is final.
        eager: Flux: transcripts of eager ends of turn, one for each pause of 0.2 s. Voice after the pause goes on
            with this utterance.
        fails: Transcribe: an exception with this message comes instead of the final transcript, and the stream ends.
    """

    final: str
    interim: str | None = None
    after: float = 0.5
    eager: list[str] = field(default_factory=list)
    fails: str | None = None


@dataclass
class Answer:
    """The answer of a model to one request.

    Args:
        text: Streamed word by word.
        tools: (id, name, arguments) of each tool call.
        prompt, completion, cached: Tokens.
        wait: Seconds to the first chunk.
        every: Seconds between chunks.
        refuses: (HTTP status, body): the request is refused.
        breaks: (name of an exception, message): the stream breaks after the text.
    """

    text: str = ""
    tools: list[tuple[str, str, dict]] = field(default_factory=list)
    prompt: int = 100
    completion: int = 10
    cached: int = 0
    wait: float = 0.2
    every: float = 0.02
    refuses: tuple[int, dict] | None = None
    breaks: tuple[str, str] | None = None


@dataclass
class Synthesis:
    """The synthesis of one text: after `wait` seconds, or refused with (status, kind of error, message)."""

    wait: float = 0.1
    refuses: tuple[int, str, str] | None = None


def words(text: str) -> list[str]:
    return [word if i == 0 else " " + word for i, word in enumerate(text.split(" "))] if text else []


def tone(text: str, rate: int) -> bytes:
    """Speech for a text, as 16-bit samples."""
    return b"\x01\x20" * int(len(text) * SECONDS_PER_CHARACTER * rate)


def event_message(headers: dict[str, str], payload: dict) -> bytes:
    """A message of Amazon's event stream encoding."""
    encoded = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in headers.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", len(encoded) + len(body) + 16, len(encoded))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + encoded + body
    return message + struct.pack(">I", binascii.crc32(message))


def event_payload(message: bytes) -> bytes:
    """The payload of such a message."""
    (headers,) = struct.unpack(">I", message[4:8])
    return message[12 + headers : -4]


class VoiceDetector:
    """Finds the utterances in one audio stream, and the pauses in them."""

    def __init__(self, rate: int, utterances: deque[Utterance], note: Callable[..., None]):
        self.rate, self.utterances, self.note = rate, utterances, note
        self.utterance: Utterance | None = None  # the one under way
        self.voiced = self.silent = self.total = 0.0  # seconds

    def feed(self, samples: bytes) -> bool:
        """Takes the next samples. Returns whether they contain voice."""
        seconds = len(samples) / 2 / self.rate
        self.total += seconds
        is_voice = any(samples)
        if is_voice:
            if self.utterance is None:
                self.utterance = self.utterances.popleft()
                self.voiced = 0.0
                self.note("voice begins", says=self.utterance.final)
            self.voiced += seconds
            self.silent = 0.0
        elif self.utterance is not None:
            if self.silent == 0.0:
                self.note("voice pauses", heard=round(self.voiced, 3))
            self.silent += seconds
        return is_voice

    def end_utterance(self):
        self.utterance = None


class Providers(AzureSpeech):
    """All stand-ins, on one port."""

    tone = staticmethod(tone)

    def __init__(self):
        self.utterances: deque[Utterance] = deque()
        self.answers: deque[Answer] = deque()
        self.syntheses: deque[Synthesis] = deque()
        self.truth: list[dict[str, Any]] = []
        self.url = ""
        self._requests = 0
        self._runner: web.AppRunner | None = None

    def note(self, what: str, **data: Any):
        self.truth.append({"wall": time.time_ns(), "what": what, **data})

    async def start(self):
        app = web.Application()
        app.router.add_post("/openai/v1/chat/completions", self.azure_chat)
        app.router.add_post("/model/{model}/converse-stream", self.bedrock_converse)
        app.router.add_get("/azure-stt", self.azure_stt)
        app.router.add_get("/azure-tts", self.azure_tts)
        app.router.add_get("/stream-transcription-websocket", self.transcribe)
        app.router.add_post("/v1/speech", self.polly)
        app.router.add_get("/v2/listen", self.flux)
        app.router.add_post("/piper", self.piper)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = "127.0.0.1:%d" % self._runner.addresses[0][1]

    async def stop(self):
        await self._runner.cleanup()

    def voice_detector(self, rate: int) -> VoiceDetector:
        return VoiceDetector(rate, self.utterances, self.note)

    def synthesis(self) -> Synthesis:
        return self.syntheses.popleft() if self.syntheses else Synthesis()

    # ---------------------------------------------------------------- language models

    async def azure_chat(self, request: web.Request) -> web.StreamResponse:
        """Azure OpenAI, API surface v1: as OpenAI's, with results of the content filter."""
        body = await request.json()
        answer, n = self._take_answer("azure", body)
        await asyncio.sleep(answer.wait)
        if answer.refuses:
            status, error = answer.refuses
            self.note("llm refused", n=n, status=status)
            return web.json_response(error, status=status, headers={"x-should-retry": "false"})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)

        async def send(choices: list, usage: dict | None = None, model: str = body["model"] + "-2025-04-14"):
            chunk = {"id": f"chatcmpl-{n}", "object": "chat.completion.chunk", "created": 1, "model": model,
                     "system_fingerprint": "fp_1", "choices": choices, "usage": usage}  # fmt: skip
            await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

        def choice(delta: dict, finish: str | None = None) -> list:
            harmless = {"content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}}
            return [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None} | harmless]

        sent = ""
        try:
            await send([], model="")  # Azure's first chunk holds the prompt's filter results, no choice and no model
            self.note("llm first chunk", n=n)
            await send(choice({"role": "assistant", "content": "" if answer.text else None}))
            for word in words(answer.text):
                await send(choice({"content": word}))
                sent += word
                await asyncio.sleep(answer.every)
            for i, (call, name, arguments) in enumerate(answer.tools):
                function = {"name": name, "arguments": ""}
                await send(choice({"tool_calls": [{"index": i, "id": call, "type": "function", "function": function}]}))
                for part in parts(json.dumps(arguments)):
                    await send(choice({"tool_calls": [{"index": i, "function": {"arguments": part}}]}))
            await send(choice({}, "tool_calls" if answer.tools else "stop"))
            usage = {"prompt_tokens": answer.prompt, "completion_tokens": answer.completion,
                     "total_tokens": answer.prompt + answer.completion,
                     "prompt_tokens_details": {"cached_tokens": answer.cached, "audio_tokens": 0},
                     "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0}}  # fmt: skip
            await send([], usage)
            await response.write(b"data: [DONE]\n\n")
            await response.write_eof()
        except (ConnectionError, asyncio.CancelledError) as gone:
            self.note("llm client gone", n=n, sent=sent, why=type(gone).__name__)
            raise
        self.note("llm done", n=n, text=sent, tools=answer.tools, usage=usage)
        return response

    async def bedrock_converse(self, request: web.Request) -> web.StreamResponse:
        """Amazon Bedrock, ConverseStream."""
        body = await request.json()
        answer, n = self._take_answer("bedrock", body | {"modelId": request.match_info["model"]})
        await asyncio.sleep(answer.wait)
        if answer.refuses:
            status, error = answer.refuses
            self.note("llm refused", n=n, status=status)
            kind = error.pop("type")
            return web.json_response(error, status=status, headers={"x-amzn-ErrorType": kind})
        response = web.StreamResponse(headers={"Content-Type": "application/vnd.amazon.eventstream"})
        await response.prepare(request)

        async def send(event: str, payload: dict, message: str = "event"):
            key = ":event-type" if message == "event" else ":exception-type"
            headers = {key: event, ":content-type": "application/json", ":message-type": message}
            await response.write(event_message(headers, payload))

        sent, block = "", 0
        try:
            await send("messageStart", {"role": "assistant"})
            self.note("llm first chunk", n=n)
            for word in words(answer.text):
                await send("contentBlockDelta", {"contentBlockIndex": block, "delta": {"text": word}})
                sent += word
                await asyncio.sleep(answer.every)
            if answer.text:
                await send("contentBlockStop", {"contentBlockIndex": block})
                block += 1
            if answer.breaks:
                kind, text = answer.breaks
                self.note("llm breaks", n=n, sent=sent, kind=kind)
                await send(kind, {"message": text}, "exception")
                await response.write_eof()
                return response
            for call, name, arguments in answer.tools:
                start = {"toolUse": {"toolUseId": call, "name": name}}
                await send("contentBlockStart", {"contentBlockIndex": block, "start": start})
                for part in parts(json.dumps(arguments)):
                    delta = {"toolUse": {"input": part}}
                    await send("contentBlockDelta", {"contentBlockIndex": block, "delta": delta})
                await send("contentBlockStop", {"contentBlockIndex": block})
                block += 1
            await send("messageStop", {"stopReason": "tool_use" if answer.tools else "end_turn"})
            usage = {"inputTokens": answer.prompt, "outputTokens": answer.completion,
                     "totalTokens": answer.prompt + answer.completion + answer.cached,
                     "cacheReadInputTokens": answer.cached, "cacheWriteInputTokens": 0}  # fmt: skip
            await send("metadata", {"usage": usage, "metrics": {"latencyMs": 300}})
            await response.write_eof()
        except (ConnectionError, asyncio.CancelledError) as gone:
            self.note("llm client gone", n=n, sent=sent, why=type(gone).__name__)
            raise
        self.note("llm done", n=n, text=sent, tools=answer.tools, usage=usage)
        return response

    def _take_answer(self, api: str, body: dict) -> tuple[Answer, int]:
        self._requests += 1
        self.note("llm request", n=self._requests, api=api, body=body)
        return self.answers.popleft(), self._requests

    # ---------------------------------------------------------------- speech to text

    async def transcribe(self, request: web.Request) -> web.WebSocketResponse:
        """Amazon Transcribe: event stream messages in a websocket. Results are final after some silence."""
        socket = web.WebSocketResponse(protocols=["mqtt"])
        await socket.prepare(request)
        voice = self.voice_detector(int(request.query["sample-rate"]))
        self.note("stt opened", query={k: v for k, v in request.query.items() if not k.startswith("X-Amz")})
        interim_sent = False

        async def send(text: str, partial: bool):
            self.note("stt interim" if partial else "stt final", text=text, heard=round(voice.total, 3))
            times = {"StartTime": 0.0, "EndTime": 0.1}
            items = [{"Content": word, "Type": "pronunciation"} | times for word in text.split()]
            result = {"Alternatives": [{"Transcript": text, "Items": items}], "StartTime": 0.0, "EndTime": 1.0,
                      "IsPartial": partial, "ResultId": "r1", "ChannelId": "ch_0"}  # fmt: skip
            headers = {":content-type": "application/json", ":event-type": "TranscriptEvent", ":message-type": "event"}
            await socket.send_bytes(event_message(headers, {"Transcript": {"Results": [result]}}))

        async for message in socket:
            if message.type is not WSMsgType.BINARY:
                break  # the end of the stream
            voice.feed(event_payload(message.data))
            if (utterance := voice.utterance) is None:
                continue
            if utterance.interim and not interim_sent and voice.voiced > 0.5:
                interim_sent = True
                await send(utterance.interim, True)
            if voice.silent >= utterance.after and utterance.fails:
                self.note("stt fails", message=utterance.fails)
                headers = {":content-type": "application/json", ":exception-type": "InternalFailureException",
                           ":message-type": "exception"}  # fmt: skip
                await socket.send_bytes(event_message(headers, {"Message": utterance.fails}))
                break
            if voice.silent >= utterance.after:
                await send(utterance.final, False)
                voice.end_utterance()
                interim_sent = False
        self.note("stt closed", heard=round(voice.total, 3))
        await socket.close()
        return socket

    async def flux(self, request: web.Request) -> web.WebSocketResponse:
        """Deepgram Flux: finds turns itself, and announces their likely end before the end."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        voice = self.voice_detector(int(request.query["sample_rate"]))
        self.note("stt opened", query=dict(request.query))
        sequence = turn = 0

        async def send(event: str, text: str, confidence: float):
            nonlocal sequence
            sequence += 1
            self.note(f"stt {event}", text=text, heard=round(voice.total, 3))
            await socket.send_json(
                {"type": "TurnInfo", "request_id": "r1", "sequence_id": sequence, "event": event, "turn_index": turn,
                 "audio_window_start": 0.0, "audio_window_end": round(voice.total, 3), "transcript": text,
                 "words": [{"word": word, "confidence": 0.95} for word in text.split()],
                 "end_of_turn_confidence": confidence}
            )  # fmt: skip

        await socket.send_json({"type": "Connected", "request_id": "r1", "sequence_id": 0})
        started = updated = predicted = False
        async for message in socket:
            if message.type is not WSMsgType.BINARY:
                if message.type is WSMsgType.TEXT and message.json()["type"] != "CloseStream":
                    continue
                break
            is_voice = voice.feed(message.data)
            if (utterance := voice.utterance) is None:
                continue
            spoken = utterance.final.split()
            if is_voice and predicted:
                predicted = False
                await send("TurnResumed", utterance.eager.pop(0), 0.1)
            if not started and voice.voiced > 0.25:
                started = True
                await send("StartOfTurn", spoken[0], 0.1)
            elif not updated and voice.voiced > 0.5:
                updated = True
                await send("Update", " ".join(spoken[: len(spoken) // 2]), 0.1)
            if utterance.eager and not predicted and 0.2 <= voice.silent < utterance.after:
                predicted = True
                await send("EagerEndOfTurn", utterance.eager[0], 0.5)
            if voice.silent >= utterance.after:
                await send("EndOfTurn", utterance.final, 0.9)
                voice.end_utterance()
                started = updated = predicted = False
                turn += 1
        self.note("stt closed", heard=round(voice.total, 3))
        await socket.close()
        return socket

    # ---------------------------------------------------------------- text to speech

    async def polly(self, request: web.Request) -> web.StreamResponse:
        """Amazon Polly, SynthesizeSpeech: the audio comes whole."""
        body = await request.json()
        text = body["Text"].split(">", 2)[2].split("<", 1)[0]  # <speak><lang …>TEXT</lang></speak>
        self.note("tts request", text=text, voice=body["VoiceId"], engine=body.get("Engine"))
        synthesis = self.synthesis()
        await asyncio.sleep(synthesis.wait)
        if synthesis.refuses:
            status, kind, reason = synthesis.refuses
            self.note("tts refused", text=text, status=status)
            return web.json_response({"message": reason}, status=status, headers={"x-amzn-ErrorType": kind})
        audio = tone(text, int(body["SampleRate"]))
        self.note("tts done", text=text, seconds=len(audio) / 2 / int(body["SampleRate"]))
        return web.Response(body=audio, content_type="audio/pcm")

    async def piper(self, request: web.Request) -> web.StreamResponse:
        """Piper's HTTP server: a WAV file, sent as it is made."""
        text = (await request.json())["text"]
        self.note("tts request", text=text)
        synthesis = self.synthesis()
        await asyncio.sleep(synthesis.wait)
        if synthesis.refuses:
            status, _, reason = synthesis.refuses
            self.note("tts refused", text=text, status=status)
            return web.Response(status=status, text=reason)
        rate, file = 16000, BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes(tone(text, rate))
        response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
        await response.prepare(request)
        audio, sent = file.getvalue(), 0
        with suppress(ConnectionError):
            for start in range(0, len(audio), 8000):
                await response.write(audio[start : start + 8000])
                sent += len(audio[start : start + 8000])
                await asyncio.sleep(0.02)
            await response.write_eof()
        self.note("tts done", text=text, bytes=sent)
        return response


def parts(text: str, size: int = 8) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]
