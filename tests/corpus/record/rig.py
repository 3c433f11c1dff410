"""Mock services and a pipeline to record conversations with: real Pipecat base classes, no network.

Everything that decides *which frames come when* is Pipecat's own: aggregators, turn and mute strategies, transports,
TTS audio contexts, tool calls. The mocks only say what a provider would have said, and when. Speech plays about
20 times faster than it would be heard.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams, VADState
from pipecat.frames import frames as F
from pipecat.metrics.metrics import LLMTokenUsage
from pipecat.observers.base_observer import BaseObserver
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.llm_service import FunctionCallFromLLM, LLMService
from pipecat.services.settings import LLMSettings, STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.turns.user_start import TranscriptionUserTurnStartStrategy, VADUserTurnStartStrategy
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner
from pipecat_recorder import FrameRecorder

RATE = 16000
PIECE = 0.2  # seconds of sound in one piece of audio
PACE = 0.01  # seconds that such a piece takes to be said or played here
USER = "user-42"


def mockai(cls):
    """Names the mock's provider, as the recorder reads it off a class's module."""
    cls.__module__ = "pipecat.services.mockai.mock"
    return cls


def sound(seconds: float, voice: bool) -> bytes:
    return (b"\x01\x20" if voice else b"\x00\x00") * int(RATE * seconds)


class ScriptVAD(VADAnalyzer):
    """Voice is where the samples are not zero."""

    def __init__(self, stop_secs: float = 0.2, start_secs: float = 0.2):
        super().__init__(params=VADParams(stop_secs=stop_secs, start_secs=start_secs))

    def num_frames_required(self) -> int:
        return 512

    def voice_confidence(self, buffer: bytes) -> float:
        return float(any(buffer))

    async def analyze_audio(self, buffer: bytes) -> VADState:
        return VADState.SPEAKING if buffer[:1] == b"\x01" else VADState.QUIET


class MockInputTransport(BaseInputTransport):
    async def start(self, frame: F.StartFrame):
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def hears(self, pieces: int, voice: bool = True, user_id: str = USER, pace: float = PACE):
        for _ in range(pieces):
            await self.push_audio_frame(
                F.UserAudioRawFrame(
                    audio=sound(PIECE, voice), sample_rate=RATE, num_channels=1, user_id=user_id
                )
            )
            await asyncio.sleep(pace)


class MockOutputTransport(BaseOutputTransport):
    pace = PACE

    async def start(self, frame: F.StartFrame):
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame: F.OutputAudioRawFrame) -> bool:
        seconds = len(frame.audio) / (2 * frame.sample_rate)
        await asyncio.sleep(self.pace * seconds / PIECE)
        return True


@mockai
class MockSTTService(STTService):
    """Transcribes nothing by itself: the script tells it what it has understood."""

    def __init__(self, model="mock-stt-1", language="en", **kwargs):
        kwargs.setdefault("ttfs_p99_latency", 0.05)
        super().__init__(settings=STTSettings(model=model, language=language), **kwargs)
        self.bills = True

    def can_generate_metrics(self) -> bool:
        return True

    async def run_stt(self, audio: bytes):
        yield None

    async def interim(self, text: str, user_id: str = USER):
        if not self._muted:
            await self.push_frame(F.InterimTranscriptionFrame(text, user_id, time_now_iso8601()))

    async def final(self, text: str, finalized: bool = True, user_id: str = USER, language="en"):
        if self._muted:
            return
        if self.bills:
            await self.emit_stt_usage_metrics()
        frame = F.TranscriptionFrame(text, user_id, time_now_iso8601(), language)
        frame.finalized = finalized
        await self.push_frame(frame)


# What a model does, one step after another.
@dataclass
class Say:
    """Streams `text`, cut into `chunks` or into words."""

    text: str = ""
    chunks: list[str] | None = None
    every: float = 0.0


@dataclass
class Wait:
    seconds: float


@dataclass
class Call:
    """Asks for tools: (name, arguments) pairs."""

    tools: list[tuple[str, dict]]
    ids: list[str] | None = None


@dataclass
class Bill:
    usage: dict = field(default_factory=lambda: dict(prompt_tokens=100, completion_tokens=10, total_tokens=110))


@dataclass
class Fail:
    message: str
    exception: Exception | None = None
    fatal: bool = False


@dataclass
class Stop:
    """Raises, as a client library would."""

    exception: Exception


def words(text: str) -> list[str]:
    parts = text.split(" ")
    return [part if i == 0 else " " + part for i, part in enumerate(parts)]


@mockai
class MockLLMService(LLMService):
    """Answers each context with the next of its `replies`, in the order of Pipecat's OpenAI service."""

    def __init__(self, replies=(), model="mock-llm-1", bills_after_end=False, silent=False, **kwargs):
        settings = kwargs.pop("settings", None) or LLMSettings(model=model, temperature=0.7, max_tokens=256)
        super().__init__(settings=settings, **kwargs)
        self.replies = list(replies)
        self.bills_after_end = bills_after_end
        self.silent = silent  # reports no metrics
        self.calls = 0
        self.first_byte = 0.02

    def can_generate_metrics(self) -> bool:
        return not self.silent

    async def run_inference(self, context, **kwargs):
        return "A summary."

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if not isinstance(frame, F.LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        reply = self.replies.pop(0) if self.replies else [Say("Okay.")]
        if isinstance(reply, str):
            reply = [Say(reply)]
        bills = [step for step in reply if isinstance(step, Bill)] or [Bill()]
        try:
            await self.push_frame(F.LLMFullResponseStartFrame())
            await self.start_processing_metrics()
            await self.answer(frame.context, reply)
        except Exception as e:
            await self.push_error(error_msg=f"Error during completion: {e}", exception=e)
        else:
            if not self.bills_after_end and not any(isinstance(s, (Fail, Stop)) for s in reply):
                await self.bill(bills)
        finally:
            await self.stop_processing_metrics()
            await self.push_frame(F.LLMFullResponseEndFrame())
            if self.bills_after_end:
                await self.bill(bills)

    async def bill(self, bills):
        for step in bills:
            if step.usage:
                await self.start_llm_usage_metrics(LLMTokenUsage(**step.usage))

    async def answer(self, context, reply):
        await self.start_ttfb_metrics()
        await asyncio.sleep(self.first_byte)
        tools = []
        waiting = True
        for step in reply:
            if waiting and isinstance(step, (Say, Call)):
                await self.stop_ttfb_metrics()
                waiting = False
            match step:
                case Say():
                    for chunk in step.chunks if step.chunks is not None else words(step.text):
                        await self._push_llm_text(chunk)
                        if step.every:
                            await asyncio.sleep(step.every)
                case Wait():
                    await asyncio.sleep(step.seconds)
                case Call():
                    tools.append(step)
                case Fail():
                    await self.push_error(error_msg=step.message, exception=step.exception, fatal=step.fatal)
                case Stop():
                    raise step.exception
                case Bill():
                    pass
        calls = []
        for step in tools:
            for i, (name, arguments) in enumerate(step.tools):
                self.calls += 1
                tool_call_id = step.ids[i] if step.ids else f"call_{self.calls}"
                calls.append(FunctionCallFromLLM(name, tool_call_id, arguments, context))
        if calls:
            await self.run_function_calls(calls)


@mockai
class MockTTSService(TTSService):
    """Half a second of sound for each word at most; says when it starts and stops."""

    def __init__(self, model="mock-tts-1", voice="mock-voice", **kwargs):
        kwargs.setdefault("push_start_frame", True)
        kwargs.setdefault("push_stop_frames", True)
        super().__init__(settings=TTSSettings(model=model, voice=voice, language="en"), **kwargs)
        self.first_byte = 0.01
        self.pieces = 0  # of sound for a text; 0 is by its length
        self.fails: list = []  # (before how many pieces, exception or message)
        self.bills_late = False

    def can_generate_metrics(self) -> bool:
        return True

    def pieces_of(self, text: str) -> int:
        return self.pieces or max(1, len(text) // 10)

    async def run_tts(self, text: str, context_id: str):
        if not self.bills_late:
            await self.start_tts_usage_metrics(text)
        fail = self.fails.pop(0) if self.fails else None
        await asyncio.sleep(self.first_byte)
        for piece in range(self.pieces_of(text)):
            if fail and fail[0] == piece:
                yield F.ErrorFrame(error=f"TTS: {fail[1]}")
                return
            yield F.TTSAudioRawFrame(sound(PIECE, True), RATE, 1, context_id=context_id)
        if self.bills_late:
            await self.start_tts_usage_metrics(text)


@mockai
class MockWordTTSService(MockTTSService):
    """Tells every word with the time at which it is spoken, as a websocket service does."""

    def __init__(self, **kwargs):
        super().__init__(push_text_frames=False, **kwargs)
        self.word_secs = 0.02
        self.told: dict[str, int] = {}  # how many words of each context

    async def run_tts(self, text: str, context_id: str):
        await self.start_tts_usage_metrics(text)
        await asyncio.sleep(self.first_byte)
        said = text.split()
        before = self.told.get(context_id, 0)
        self.told[context_id] = before + len(said)
        times = [(word, (before + i) * self.word_secs) for i, word in enumerate(said)]
        await self.add_word_timestamps(times, context_id)
        for _ in range(max(1, round(len(said) * self.word_secs / PACE))):
            yield F.TTSAudioRawFrame(sound(PIECE, True), RATE, 1, context_id=context_id)


class Watch(BaseObserver):
    """Lets the script wait for what happens in the pipeline."""

    def __init__(self):
        super().__init__()
        self.count: dict[str, int] = {}
        self.last: dict[str, F.Frame] = {}
        self.seen: set[int] = set()
        self.changed = asyncio.Condition()

    async def on_push_frame(self, data):
        frame = data.frame
        if frame.id in self.seen or frame.broadcast_sibling_id in self.seen:
            return
        self.seen.add(frame.id)
        name = type(frame).__name__
        async with self.changed:
            self.count[name] = self.count.get(name, 0) + 1
            self.last[name] = frame
            self.changed.notify_all()


class Rig:
    """A voice agent to be recorded: mic → [VAD] → STT → user → LLM → TTS → speaker → assistant."""

    def __init__(self, path, name, **options):
        o = dict(
            stt=MockSTTService, llm=None, tts=MockTTSService, vad="aggregator", messages=None, tools=None,
            strategies=None, mutes=(), replies=(), params={}, recorder={}, conversation_id=f"conv-{name}",
            stop_secs=0.2, pipeline=None, output=True, assistant=True, llm_options={}, user_options={}, metrics=True,
            usage=True, realtime=None, analyzer=None, observers=(),
        )  # fmt: skip
        unknown = set(options) - set(o)
        assert not unknown, unknown
        o.update(options)
        self.watch = Watch()
        make = lambda of: of() if isinstance(of, type) else of  # noqa: E731
        transport = TransportParams(
            audio_in_enabled=True, audio_out_enabled=True, audio_out_10ms_chunks=int(PIECE * 100),
            audio_out_end_silence_secs=0,
        )  # fmt: skip
        self.mic = MockInputTransport(transport)
        self.stt = make(o["stt"])
        self.llm = make(o["llm"]) if o["llm"] else MockLLMService(o["replies"], **o["llm_options"])
        self.tts = make(o["tts"])
        self.speaker = MockOutputTransport(transport) if o["output"] else None
        if o["messages"] is None:
            o["messages"] = [{"role": "system", "content": "You are a helpful voice agent."}]
        self.context = LLMContext(messages=o["messages"], **({"tools": o["tools"]} if o["tools"] else {}))
        strategies = o["strategies"] or UserTurnStrategies(
            start=[VADUserTurnStartStrategy(), TranscriptionUserTurnStartStrategy()],
            stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.02)],
        )
        vad = o["analyzer"] or ScriptVAD(stop_secs=o["stop_secs"])
        user = LLMUserAggregatorParams(
            user_turn_strategies=strategies, user_mute_strategies=list(o["mutes"]),
            vad_analyzer=vad if o["vad"] == "aggregator" else None, **o["user_options"],
        )  # fmt: skip
        pair = LLMContextAggregatorPair(self.context, user_params=user, realtime_service_mode=o["realtime"])
        self.user, self.assistant = pair.user(), pair.assistant()
        before = []
        if o["vad"] == "processor":
            from pipecat.processors.audio.vad_processor import VADProcessor

            before = [VADProcessor(vad_analyzer=vad)]
        if o["pipeline"]:
            line = o["pipeline"](self, before)
        else:
            line = [self.mic, *before, self.stt, self.user, self.llm, self.tts, self.speaker, self.assistant]
        self.recorder = FrameRecorder(path, conversation_id=o["conversation_id"], **o["recorder"])
        self.worker = PipelineWorker(
            Pipeline([p for p in line if p is not None]),
            params=PipelineParams(
                enable_metrics=o["metrics"], enable_usage_metrics=o["usage"], audio_in_sample_rate=RATE,
                audio_out_sample_rate=RATE, **o["params"],
            ),
            observers=[self.watch, self.recorder, *o["observers"]], enable_rtvi=False, idle_timeout_secs=None,
            conversation_id=o["conversation_id"],
        )  # fmt: skip
        self.runner = WorkerRunner(handle_sigint=False)

    # -- what the script can wait for, and do

    async def comes(self, kind: type[F.Frame], times: int = 1, timeout: float = 10, since: int | None = None):
        """Waits for the next `times` frames of a kind."""
        name = kind.__name__
        async with self.watch.changed:
            goal = (self.watch.count.get(name, 0) if since is None else since) + times
            await asyncio.wait_for(
                self.watch.changed.wait_for(lambda: self.watch.count.get(name, 0) >= goal), timeout
            )
        return self.watch.last[name]

    def count(self, kind: type[F.Frame]) -> int:
        return self.watch.count.get(kind.__name__, 0)

    async def says(self, text: str | None, pieces: int = 3, understood: float = 0.02, interim: str | None = None):
        """The user says something: voice, then silence, then what was understood."""
        await self.mic.hears(pieces)
        await self.mic.hears(1, voice=False)
        if text is not None:
            await asyncio.sleep(understood)
            if interim:
                await self.stt.interim(interim)
            await self.stt.final(text)

    async def exchange(self, text: str, **kwargs):
        """The user says something, and the bot answers until it is silent."""
        since = self.count(F.BotStoppedSpeakingFrame)
        await self.says(text, **kwargs)
        await self.comes(F.BotStoppedSpeakingFrame, since=since)
        await asyncio.sleep(0.03)

    async def queue(self, *frames: F.Frame):
        await self.worker.queue_frames(list(frames))

    async def speak(self, text: str):
        since = self.count(F.BotStoppedSpeakingFrame)
        await self.queue(F.TTSSpeakFrame(text))
        await self.comes(F.BotStoppedSpeakingFrame, since=since)

    async def run(self, script):
        await self.runner.add_workers(self.worker)
        running = asyncio.create_task(self.runner.run())
        await self.comes(F.StartFrame, since=0)
        await asyncio.sleep(0.05)
        failed = None
        try:
            await script(self)
        except BaseException as e:  # noqa: BLE001
            failed = e
        if not self.worker.has_finished():
            if failed:
                await self.worker.cancel()
            else:
                await self.worker.queue_frame(F.EndFrame())
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait_for(running, 20)
        self.recorder.close()
        if failed:
            raise failed
