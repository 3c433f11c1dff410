"""What each recording must become, by the words of the contract: writes the expectations beside the frame logs.

    python expect.py FRAMES_FOLDER EXPECTED_FOLDER [NAME …]

Everything that is said, and which frame begins and ends a span, is written down by hand, in `expected.py` and
`expected_services.py`. Only numbers are read off the frame log: times of frames, the messages of a context, what
services report of themselves. A moment is named by a kind of frame and how many of them came before: `user+0` is the
first user-started.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

SLACK = 3.0  # milliseconds, both ways

KINDS = {
    "StartFrame": "start", "EndFrame": "end", "StopFrame": "end", "CancelFrame": "cancel",
    "VADUserStartedSpeakingFrame": "vad+", "VADUserStoppedSpeakingFrame": "vad-",
    "UserStartedSpeakingFrame": "user+", "UserStoppedSpeakingFrame": "user-", "TranscriptionFrame": "final",
    "InterimTranscriptionFrame": "interim",
    "LLMContextFrame": "ctx", "LLMFullResponseStartFrame": "rs", "LLMFullResponseEndFrame": "re",
    "AggregatedTextFrame": "text", "TTSStartedFrame": "tts+", "TTSStoppedFrame": "tts-", "TTSSpeakFrame": "speak",
    "BotStartedSpeakingFrame": "bot+", "BotStoppedSpeakingFrame": "bot-", "FunctionCallsStartedFrame": "asked",
    "FunctionCallInProgressFrame": "tool+", "FunctionCallResultFrame": "tool-", "FunctionCallCancelFrame": "toolx",
    "ErrorFrame": "error", "LLMTextFrame": "token", "TTSAudioRawFrame": "audio",
    "EagerEndOfTurnCancelFrame": "withdrawn",
}  # fmt: skip


class Log:
    """A frame log, as moments and measurements."""

    def __init__(self, path: Path):
        self.moments: dict[str, list[tuple[int, int]]] = {}  # kind -> [(n, wall)]
        self.events: dict[str, list[dict]] = {}
        self.messages: dict[int, list] = {}
        self.metrics: list[tuple[int, str, dict]] = []  # (n, processor, metric)
        self.spoken: list[dict] = []  # texts, as the output transport pushes them
        self.new: list[dict] = []  # frames, each once
        self.processors: dict[str, dict] = {}
        self.header: dict = {}
        seen: set = set()
        near: dict = {}  # (class, source) -> wall of the last one
        first = None
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
        for line in text.splitlines():
            row = json.loads(line)
            if "frame_log" in row:
                self.header = row
            elif "processor" in row:
                self.processors[row["processor"]["id"]] = row["processor"]
            elif "n" in row:
                first = row["wall"] if first is None else first
                self.event(row, seen, near)

    def event(self, row: dict, seen: set, near: dict):
        frame, source, target = row["frame"], self.processors[row["src"]], self.processors[row["dst"]]
        kind = KINDS.get(frame)
        if frame == "TTSTextFrame" and source["role"] == "output_transport":
            self.spoken.append(row)
        if frame == "LLMContextFrame":
            if "messages" in row["payload"]:
                self.messages[row["id"]] = row["payload"]["messages"]
            if target["role"] != "llm" or (row["id"], row["dst"]) in seen:
                return
            seen.add((row["id"], row["dst"]))
        elif frame in ("EndFrame", "StopFrame"):
            if target["class"] != "PipelineSink" or not target["name"].startswith("PipelineWorker"):
                return
        else:
            new = row["id"] not in seen and row.get("sibling") not in seen
            seen.add(row["id"])
            same = near.get((frame, row["src"]))
            if frame.startswith("VAD"):  # both ways, and no sibling tells
                new = new and not (same is not None and row["wall"] - same < 1_000_000)
                near[frame, row["src"]] = row["wall"]
            if not new:
                return
        self.new.append(row)
        if frame == "MetricsFrame":
            for metric in row["payload"]["metrics"]:
                if metric["processor"] == source["name"]:
                    self.metrics.append((row["n"], source["name"], metric))
        if kind:
            self.moments.setdefault(kind, []).append((row["n"], row["wall"]))
            self.events.setdefault(kind, []).append(row)

    def at(self, moment: str) -> tuple[int, int]:
        """-> (n, wall) of `user+0`, or of the frame of a number, `#17`."""
        kind = moment.rstrip("0123456789")
        return self.moments[kind][int(moment[len(kind) :])]

    def next(self, kind: str, moment: str) -> str:
        """The first moment of a kind after another moment."""
        after = self.at(moment)[0]
        return kind + str(next(i for i, (n, _) in enumerate(self.moments[kind]) if n > after))

    def rows(self, frame: str, a: str, b: str) -> list[dict]:
        """The frames of a class between two moments."""
        return [row for row in self.new if row["frame"] == frame and self.at(a)[0] <= row["n"] <= self.at(b)[0]]

    def words(self, a: str, b: str) -> list[str]:
        """What was spoken between two moments."""
        return [row["payload"]["text"] for row in self.spoken if self.at(a)[0] <= row["n"] <= self.at(b)[0]]

    def ms(self, a: str, b: str) -> float:
        return (self.at(b)[1] - self.at(a)[1]) / 1e6

    def measured(self, processor: str, a: int, b: int, kind: str) -> list:
        return [m["value"] for n, of, m in self.metrics if of == processor and a <= n <= b and m["class"] == kind]


def length(ms: float) -> dict:
    return {"min_ms": round(max(ms - SLACK, 0), 1), "max_ms": round(ms + SLACK, 1)}


FALSY, ABSENT = {"falsy": True}, {"absent": True}

# For each real class of service: provider, its name in the GenAI registry, model, voice.
SERVICES = {
    "AWSTranscribeSTTService": ("aws", "aws", None, None),
    "AWSBedrockLLMService": ("aws", "aws.bedrock", "eu.amazon.nova-pro-v1:0", None),
    "AWSPollyTTSService": ("aws", "aws", None, "Joanna"),
    "AzureLLMService": ("azure", "azure.ai.openai", "gpt-4.1", None),
    "AzureSTTService": ("azure", "azure", None, None),
    "AzureTTSService": ("azure", "azure", None, "en-US-SaraNeural"),
    "DeepgramFluxSTTService": ("deepgram", "deepgram", "flux-general-en", None),
    "PiperTTSService": ("piper", "piper", None, "en_US-joe-medium"),
    "PiperHttpTTSService": ("piper", "piper", None, "en_US-joe-medium"),
}


def class_of(service: str) -> str:
    """The class of a service, by its name: `AWSPollyTTSService` of `AWSPollyTTSService#0`."""
    return service.split("#")[0]


def identity(role: str, service: str, model: str) -> dict:
    """The attributes of a span that describe its service; `model` is that of a mock service."""
    name = class_of(service)
    said = {"service.name": name, "service.type": role}
    if name not in SERVICES:
        return said | {"service.provider": "mockai", "llm.model_name": model}
    provider, registered, model, voice = SERVICES[name]
    said |= {"service.provider": provider, "gen_ai.provider.name": registered,
             "llm.model_name": model or ABSENT, "gen_ai.request.model": model or ABSENT}  # fmt: skip
    return said | ({"audio.voice_id": voice} if voice else {})


STAGES = ("endpointing", "transcription", "turn_detection", "llm", "tools", "aggregation", "tts", "output", "pipeline")
TOLERANCE = 0.003  # seconds, both ways
NOTHING = {"any_of": [ABSENT, {"min": 0.0, "max": TOLERANCE}]}


def about(seconds: float) -> dict:
    """The expected duration of a stage of a wait; a stage that took no time may be left out."""
    if seconds <= TOLERANCE:
        return NOTHING
    return {"min": round(seconds - TOLERANCE, 4), "max": round(seconds + TOLERANCE, 4)}


def end_of_voice(log: Log, stop: str) -> float:
    """Unix seconds at which the voice ended: a VAD stop less the silence that it waited for, or the user's stop."""
    kind = stop.rstrip("0123456789")
    payload = log.events[kind][int(stop[len(kind) :])]["payload"]
    return log.at(stop)[1] / 1e9 - (payload.get("stop_secs") or 0.0)


def wait_facts(log, latency, first=None, repeats=0, initiator="user", tools=(), **stages) -> dict:
    """Attributes of a turn in which the user waited for the bot: the stages of the wait, in the contract's order.

    Args:
        latency: The moments that the wait lies between: a stop of the voice or of the user, and the bot's start.
        first, repeats: The stop of the first utterance, where the user repeated, and how often.
        tools: The (start, end) of each tool call before the first token.
        stages: Of each stage, up to which moment it lasts and its owner (None: not claimed).
    """
    attrs = {"conversation.initiator": initiator}
    attrs |= {f"conversation.latency.{stage}": NOTHING for stage in STAGES}
    cursor, end = end_of_voice(log, latency[0]), log.at(latency[1])[1] / 1e9
    in_tools = union([(log.at(a)[1] / 1e9, log.at(b)[1] / 1e9) for a, b in tools])
    if tools:
        attrs["conversation.latency.tools"] = about(in_tools)
    for stage, (until, owner) in stages.items():
        to = min(max(log.at(until)[1] / 1e9, cursor), end)
        seconds, cursor = to - cursor, to
        if stage == "llm":
            seconds -= in_tools
        attrs[f"conversation.latency.{stage}"] = about(seconds)
        if owner and seconds > TOLERANCE:
            attrs[f"conversation.latency_owner.{stage}"] = owner
    attrs["conversation.latency.pipeline"] = about(end - cursor)
    repeated = first is not None
    attrs["conversation.user_wait_seconds"] = about(end - end_of_voice(log, first)) if repeated else ABSENT
    attrs["conversation.user_repeats"] = repeats if repeated else ABSENT
    return attrs


def cascade(log: Log, stt: str, llm: str, tts: str, endpointing: str | None = "VAD stop_secs"):
    """Returns a function for the waits in a pipeline of an STT, an LLM and a TTS service."""

    def wait(stop, final, asked, text, bot, answer=None, **more) -> dict:
        """`asked`: the first context of the request; `answer`: another moment that precedes the first token."""
        return wait_facts(
            log, (stop, bot), endpointing=(stop, endpointing), transcription=(final, class_of(stt)),
            turn_detection=(asked, None), llm=(log.next("token", answer or asked), class_of(llm)),
            aggregation=(text, None), tts=(log.next("audio", text), class_of(tts)), output=(bot, None), **more,
        )  # fmt: skip

    return wait


def union(spans: list[tuple[float, float]]) -> float:
    """The length of spans of time that may overlap."""
    total, reached = 0.0, 0.0
    for start, end in sorted(spans):
        total += max(end - max(start, reached), 0.0)
        reached = max(reached, end)
    return total


class Turn:
    """A turn: `Turn(log, 1, "Hello.", "Hi.", "completed", "start0", "bot-0")`, then its spans."""

    def __init__(self, log, number, heard, said, end, a, b, latency=("vad-0", "bot+0"), status="ok", late=0.0, **attrs):
        self.log, self.spans = log, []
        self.doc = {"number": number, "input": heard, "output": said, "end_reason": end,
                    "was_interrupted": end == "interrupted", "status": status, "latency": "absent",
                    "attrs": {"conversation.turn_duration_seconds": {"present": True}, **attrs}}  # fmt: skip
        if latency:
            stop, bot = latency
            row = log.events[stop.rstrip("0123456789")][int(stop[len(stop.rstrip("0123456789")) :])]
            vad = stop.startswith("vad")
            seconds = log.ms(stop, bot) / 1e3 + (row["payload"].get("stop_secs", 0) if vad else 0)
            self.doc["latency"] = "present"
            self.doc["latency_s"] = {"min": round(seconds - 0.002, 4), "max": round(seconds + 0.002, 4)}
            self.doc["attrs"]["conversation.latency_source"] = "vad" if vad else "user_stopped"
        self.doc |= length(log.ms(a, b) + late)

    def waits(self, facts: dict):
        """Adds the stages of the wait for the bot: see `wait_facts`."""
        self.doc["attrs"] |= facts
        return self

    def add(self, kind, span):
        span = {"kind": kind, "parent": "turn", **span}
        span["attrs"] = {k: v for k, v in span["attrs"].items() if v is not None}
        self.spans.append(span)
        return self

    def stt(self, text, a, b, service="MockSTTService#0", ended=True, seconds=None, final=True, attrs=None, **more):
        """From `a` to its last final `b`; `ended` is false where no final ends it, and nothing says when it did."""
        log, (n, _), (m, _) = self.log, self.log.at(a), self.log.at(b)
        usage = [v["value"]["audio_seconds"] for v in log.measured(service, n, m, "STTUsageMetricsData")]
        ttfb = [v["value"] for v in log.measured(service, n, m, "TTFBMetricsData")]
        got = identity("stt", service, "mock-stt-1")
        got |= {"gen_ai.operation.name": "speech_to_text", "audio.sample_rate": 16000, "stt.is_final": final,
                "stt.audio_seconds": seconds if seconds is not None else round(sum(usage), 9) if usage else None,
                "service.ttfb_seconds": ttfb[0] if ttfb else None}  # fmt: skip
        if text:
            got["audio.transcript"] = text
        span = {"input": text, "output": text, "status": "ok", "attrs": got | (attrs or {}), **more}
        return self.add("stt", span | (length(log.ms(a, b)) if ended else {}))

    def llm(self, text, a, b, until=None, asked=..., calls=None, cut=None, service="MockLLMService#0", ref=None,
            model="mock-llm-1", context=True, upto=None, status="ok", attrs=None, **more):  # fmt: skip
        """From `a` to `b`; metrics count up to `until`, a TTFB only before `b` and `cut`. `upto`: within a turn that ends there."""
        log, (n, _), (m, _) = self.log, self.log.at(a), self.log.at(b)
        last = log.at(until)[0] if until else m
        best = min(m, log.at(cut)[0]) if cut else m
        usage = [v["value"] for v in log.measured(service, n, last, "LLMUsageMetricsData")]
        ttfb = [v["value"] for v in log.measured(service, n, best, "TTFBMetricsData")]
        proc = [v["value"] for v in log.measured(service, n, last, "ProcessingMetricsData")]
        got = identity("llm", service, model)
        got |= {"llm.provider": got["service.provider"], "gen_ai.operation.name": "chat",
               "llm.interrupted": True if cut else FALSY,
               "service.ttfb_seconds": ttfb[0] if ttfb else ABSENT,
               "service.processing_time_seconds": proc[0] if len(proc) == 1 else None}  # fmt: skip
        if usage:
            got |= {"llm.token_count.prompt": sum(u["prompt_tokens"] for u in usage),
                    "llm.token_count.completion": sum(u["completion_tokens"] for u in usage),
                    "llm.token_count.total": sum(u["total_tokens"] for u in usage)}  # fmt: skip
        else:
            got |= {"llm.token_count.total": ABSENT}
        span = {"output": text, "status": status, "attrs": got | (attrs or {}), **more} | length(log.ms(a, upto or b))
        if ref:
            span["ref"] = ref
        span["tool_calls"] = calls or []
        if calls and not text:
            del span["output"]
            span["message_out"] = ["assistant", None]
        elif text:
            span["message_out"] = ["assistant", text]
        if context:
            messages = log.messages[log.events["ctx"][int(a[3:])]["id"]]
            plain = all(isinstance(x.get("content"), str) or x.get("content") is None for x in messages)
            if plain and "messages" not in more:
                span["messages"] = [[x["role"], x.get("content")] for x in messages]
            span.setdefault("messages_count", len(messages))
            users = [x["content"] for x in messages if x["role"] == "user" and isinstance(x.get("content"), str)]
            span["input"] = users[-1] if users else None
        if asked is not ...:
            span["input"] = asked
        return self.add("llm", span)

    def tts(self, asked, said, a, b, chars=None, cut=False, ttfb=..., service="MockTTSService#0", status="ok",
            since=None, attrs=None, **more):  # fmt: skip
        """From `a` to `b`."""
        log, (n, _), (m, _) = self.log, self.log.at(a), self.log.at(b)
        first = [v["value"] for v in log.measured(service, n, m, "TTFBMetricsData")]
        got = {"audio.voice_id": "mock-voice"} | identity("tts", service, "mock-tts-1")
        got |= {"audio.sample_rate": 16000,
               "gen_ai.operation.name": "text_to_speech", "tts.character_count": chars if chars else len(asked or ""),
               "tts.interrupted": True if cut else FALSY}  # fmt: skip
        if cut is None:
            del got["tts.interrupted"]
        got["service.ttfb_seconds"] = (first[0] if first else ABSENT) if ttfb is ... else ttfb
        span = {"input": asked, "output": said, "status": status, "attrs": got | (attrs or {}), **more}
        return self.add("tts", span | length(log.ms(a, b)))

    def tool(self, name, call_id, arguments, result, a, b, parent, status="ok", cancelled=False, attrs=None, **more):
        got = {"tool.name": name, "tool_call.id": call_id, "tool.parameters": {"json": arguments},
               "gen_ai.tool.name": name, "gen_ai.tool.call.id": call_id, "gen_ai.operation.name": "execute_tool",
               "tool.cancelled": True if cancelled else FALSY}  # fmt: skip
        if cancelled is None:
            del got["tool.cancelled"]
        if result is not None:
            got["tool.result"] = {"json": result}
        span = {"input": {"json": arguments}, "status": status, "attrs": got | (attrs or {}), **more}
        span["output"] = {"json": result} if result is not None else None
        self.add("tool", span | length(self.log.ms(a, b)))
        self.spans[-1]["parent"] = parent
        return self

    def done(self) -> dict:
        return {**self.doc, "spans": self.spans}


def log_of(frames: Path, name: str) -> Path:
    """The path of a recording, plain or compressed."""
    plain = frames / f"{name}.jsonl"
    return plain if plain.exists() else frames / f"{name}.jsonl.gz"


def write(name: str, make, frames: Path, expected: Path):
    log = Log(log_of(frames, name))
    doc = {"conversation_id": log.header["conversation_id"], "turns": [turn.done() for turn in make(log)]}
    if log.header.get("attributes"):
        doc["session_attributes"] = log.header["attributes"]
    text = json.dumps(doc, ensure_ascii=False, indent=1)
    (expected / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main(argv: list[str]) -> int:
    import expected
    import expected_services

    frames, folder, wanted = Path(argv[1]), Path(argv[2]), argv[3:]
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in (expected.EXPECTED | expected_services.EXPECTED).items():
        if (not wanted or name in wanted) and log_of(frames, name).exists():
            write(name, make, frames, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
