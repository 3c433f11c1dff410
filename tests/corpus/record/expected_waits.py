"""Adds the stages of the waits, and the model that answered, to the expectations of some recordings.

    python expected_waits.py FRAMES_FOLDER EXPECTED_FOLDER

The moments that bound each stage are written down by hand, by the contract's rules; their times are read off the frame
log. See `expect.py` for the names of moments. Running it again changes nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from expect import Log, cascade, log_of, wait_facts


def a1(log):
    wait = cascade(log, "DeepgramSTTService", "OpenAILLMService", "CartesiaTTSService")
    yield wait("vad-0", "final0", "ctx0", "text0", "bot+0")
    yield wait("vad-1", "final1", "ctx1", "text2", "bot+1", answer="ctx2", tools=[("tool+0", "tool-0")])
    yield wait("vad-3", "final2", "ctx3", "text3", "bot+2")
    yield wait("vad-4", "final3", "ctx4", "text7", "bot+3")
    # The first request failed with status 500; 1.6 s later the user asked whether anyone was still there.
    yield wait("vad-6", "final5", "ctx6", "text8", "bot+4", first="vad-5", repeats=1)


def b1(log):
    wait = cascade(log, "OpenAISTTService", "AnthropicLLMService", "OpenAITTSService")
    yield wait("vad-0", "final0", "ctx0", "text0", "bot+0")
    # The bot speaks before it asks for the tool: nobody waits for the tool.
    yield wait("vad-1", "final1", "ctx1", "text2", "bot+1")
    yield wait("vad-2", "final2", "ctx3", "text4", "bot+3")
    yield wait("vad-3", "final3", "ctx4", "text8", "bot+4")
    yield wait("vad-5", "final5", "ctx6", "text9", "bot+5", first="vad-4", repeats=1)


def b2(log):
    wait = cascade(log, "OpenAISTTService", "AnthropicLLMService", "OpenAITTSService")
    # The first transcription failed, but the user was not announced as stopped before the second: no repeat.
    yield wait("vad-1", "final0", "ctx0", "text0", "bot+0", answer="ctx1", tools=[("tool+0", "tool-0")])
    yield wait("vad-2", "final1", "ctx2", "text1", "bot+1", answer="ctx3", tools=[("tool+1", "tool-1")])
    # A synthesis failed, then a request: the user asked three times.
    yield wait("vad-5", "final4", "ctx6", "text3", "bot+2", first="vad-3", repeats=2)


def d3(log):
    wait = cascade(log, "DeepgramSTTService", "OpenAILLMService", "CartesiaTTSService")
    yield wait("vad-0", "final0", "ctx0", "text0", "bot+0")
    yield wait("vad-1", "final1", "ctx1", "text2", "bot+1")


def h_error(log):
    wait = cascade(log, "MockSTTService", "MockLLMService", "MockTTSService")
    yield wait("vad-0", "final0", "ctx0", "text0", "bot+0")
    yield wait("vad-2", "final2", "ctx2", "text1", "bot+1", first="vad-1", repeats=1)
    yield wait("vad-3", "final3", "ctx3", "text2", "bot+2")


def r1(log):
    """Speech to speech, in which the provider finds the turns: the wait counts from user-stopped."""

    def wait(stop, bot, heard=None, **more):
        audio = log.next("audio", heard or stop)
        llm = (audio, "OpenAIRealtimeLLMService")
        return wait_facts(log, (stop, bot), endpointing=(stop, None), llm=llm, output=(bot, None), **more)

    yield {"conversation.initiator": "bot", "conversation.user_repeats": {"absent": True}}
    yield wait("user-0", "bot+1")
    yield wait("user-1", "bot+2", heard="ctx2", tools=[("tool+0", "tool-0")])
    yield wait("user-2", "bot+3")
    yield wait("user-3", "bot+4")
    # The first response failed.
    yield wait("user-5", "bot+5", first="user-4", repeats=1)


WAITS = {
    "a1_deepgram_openai_cartesia": (a1, "gpt-4.1"),
    "b1_whisper_anthropic_openaitts": (b1, "claude-sonnet-4-5"),
    "b2_whisper_anthropic_openaitts": (b2, "claude-sonnet-4-5"),
    "d3_tts_lost_midway": (d3, "gpt-4.1"),
    "h_error": (h_error, "mock-llm-1"),
    "r1_openai_realtime": (r1, "gpt-realtime-2.1"),
}


def main(argv: list[str]) -> int:
    frames, expected = Path(argv[1]), Path(argv[2])
    for name, (waits, model) in WAITS.items():
        path = expected / f"{name}.json"
        doc = json.loads(path.read_text(encoding="utf-8"))
        for turn, facts in zip(doc["turns"], waits(Log(log_of(frames, name))), strict=True):
            turn["attrs"] |= facts
            for span in turn["spans"]:
                if span["kind"] == "llm" and span["status"] == "ok":
                    span["attrs"]["gen_ai.response.model"] = model
        path.write_text(json.dumps(doc, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
