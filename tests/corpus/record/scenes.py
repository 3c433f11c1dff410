"""What happens in each recording."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames import frames as F
from pipecat.pipeline.llm_switcher import LLMSwitcher
from pipecat.pipeline.parallel_pipeline import ParallelPipeline
from pipecat.pipeline.service_switcher import ServiceSwitcherStrategyManual
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.metrics.metrics import LLMTokenUsage
from pipecat.services.llm_service import FunctionCallFromLLM, LLMService
from pipecat.services.settings import LLMSettings
from pipecat.services.tts_service import TextAggregationMode
from pipecat.turns.user_mute import (
    AlwaysUserMuteStrategy,
    FunctionCallUserMuteStrategy,
    MuteUntilFirstBotCompleteUserMuteStrategy,
)
from pipecat.turns.user_start import (
    MinWordsUserTurnStartStrategy,
    TranscriptionUserTurnStartStrategy,
    VADUserTurnStartStrategy,
)
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_processor import UserTurnProcessor
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies, UserTurnStrategies

from pipecat.utils.text.base_text_aggregator import TextType

from rig import (
    PIECE,
    RATE,
    Bill,
    Call,
    Fail,
    MockLLMService,
    MockSTTService,
    MockTTSService,
    MockWordTTSService,
    Rig,
    Say,
    Stop,
    Wait,
    mockai,
    sound,
    words,
)


@dataclass
class Scene:
    script: Callable
    options: Callable[[], dict]


SCENES: dict[str, Scene] = {}


def scene(make: Callable[[], dict] | None = None, **options):
    """A scene; options that are Pipecat's objects are made anew for each recording, by `make`."""

    def add(script):
        SCENES["own_" + script.__name__] = Scene(script, lambda: {**options, **(make() if make else {})})
        return script

    return add


pause = asyncio.sleep
STORY = "Once upon a time there was a fox. The fox lived in a den. It liked to eat many berries."


def tool(rig: Rig, name: str, seconds: float = 0.05, result=None, error: Exception | None = None, **options):
    async def handler(params):
        await pause(seconds)
        if error:
            raise error
        await params.result_callback({"ok": True} if result is None else result)

    (rig.llm if hasattr(rig.llm, "register_function") else rig.llms[0]).register_function(name, handler, **options)


# ---------------------------------------------------------------- 1. killed and cancelled


@scene(replies=[[Say(STORY, every=0.03)]])
async def cancel_llm_streams(rig: Rig):
    await rig.says("Tell me a story.")
    await rig.comes(F.LLMTextFrame, 8)
    await rig.worker.cancel(reason="the line was cut")


@scene(replies=[[Say("One moment."), Call([("get_weather", {"city": "Paris"})])]])
async def cancel_tool_runs(rig: Rig):
    tool(rig, "get_weather", 5)
    await rig.says("How is the weather?")
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)
    await rig.worker.cancel()


@scene()
async def cancel_before_speech(rig: Rig):
    await rig.worker.cancel()


@scene(replies=["Hi there."])
async def cancel_user_speaks(rig: Rig):
    await rig.exchange("Hello.")
    await rig.mic.hears(3)
    await rig.stt.interim("Could you")
    await pause(0.02)
    await rig.worker.cancel()


@scene(replies=["Hi there."])
async def cancel_after_speech(rig: Rig):
    await rig.exchange("Hello.")
    await pause(0.2)
    await rig.worker.cancel()


# ---------------------------------------------------------------- 2. ended and stopped


@scene(replies=[[Say(STORY)]])
async def end_bot_speaks(rig: Rig):
    await rig.says("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.02)
    await rig.queue(F.EndFrame(reason="goodbye"))
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.1)


@scene(replies=[[Say("One moment."), Call([("get_weather", {"city": "Paris"})])], "It is warm."])
async def end_tool_runs(rig: Rig):
    tool(rig, "get_weather", 1)
    await rig.says("How is the weather?")
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)


@scene(replies=["Hi there."])
async def stop_frame(rig: Rig):
    await rig.exchange("Hello.")
    await rig.queue(F.StopFrame())
    await pause(0.3)


@scene(replies=["Hi there."])
async def end_user_speaks(rig: Rig):
    await rig.exchange("Hello.")
    await rig.mic.hears(3)


@scene(replies=["Hi there."])
async def end_tool_of_turn_before(rig: Rig):
    tool(rig, "get_weather", 3, cancel_on_interruption=False)
    rig.llm.replies = [[Say("I look it up."), Call([("get_weather", {})])], "Yes I am."]
    await rig.exchange("Weather?")
    await rig.exchange("Are you there?")


# ---------------------------------------------------------------- 3. muted users and blips


@scene(lambda: dict(mutes=[MuteUntilFirstBotCompleteUserMuteStrategy()], vad="processor"), replies=["Sure."])
async def mute_greeting_heard(rig: Rig):
    """The muted user is understood by the STT, but starts no turn."""
    await rig.queue(F.TTSSpeakFrame("Welcome to the shop, what can I do for you today?"))
    await rig.comes(F.BotStartedSpeakingFrame)
    await rig.says("Hello hello.", pieces=1, understood=0.005)
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.03)
    await rig.exchange("I want shoes.")


@scene(lambda: dict(mutes=[MuteUntilFirstBotCompleteUserMuteStrategy()], vad="processor"), replies=["Sure."])
async def mute_greeting_blip(rig: Rig):
    """The muted user is not understood at all: a blip of voice is nothing."""
    await rig.queue(F.STTMuteFrame(mute=True), F.TTSSpeakFrame("Welcome to the shop, what can I do for you?"))
    await rig.comes(F.BotStartedSpeakingFrame)
    await rig.says("Hello.", pieces=1, understood=0.005)
    await rig.comes(F.BotStoppedSpeakingFrame)
    await rig.queue(F.STTMuteFrame(mute=False))
    await pause(0.03)
    await rig.exchange("I want shoes.")


@scene(lambda: dict(mutes=[AlwaysUserMuteStrategy()], vad="processor"), replies=[STORY, "You are welcome."])
async def mute_starts_speaking_late(rig: Rig):
    """A muted user begins to speak before the bot is done and goes on after it."""
    await rig.says("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.03)
    since = rig.count(F.BotStoppedSpeakingFrame)
    talk = asyncio.create_task(rig.mic.hears(12))
    await rig.comes(F.BotStoppedSpeakingFrame, since=since)
    await talk
    await rig.mic.hears(1, voice=False)
    await pause(0.02)
    await rig.stt.final("Thank you very much.")
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.03)


@scene(replies=[STORY, "Sorry, did you say something?"])
async def cough_interrupts(rig: Rig):
    """The user interrupts with a noise that is not understood; Pipecat asks the LLM all the same."""
    await rig.says("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.03)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.mic.hears(2)
    await rig.mic.hears(1, voice=False)
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since, timeout=9)
    await pause(0.05)


@scene(lambda: dict(vad="processor"), replies=["Hi there.", "Bye."])
async def blip_in_silence(rig: Rig):
    """A noise in the silence after a reply: user-started, nothing understood."""
    await rig.exchange("Hello.")
    await rig.mic.hears(1)
    await rig.mic.hears(1, voice=False)
    await pause(0.3)
    await rig.exchange("Bye.")


# ---------------------------------------------------------------- 4. who detects turns


@mockai
class TurnSTTService(MockSTTService):
    """Detects turns itself, as Deepgram Flux or AssemblyAI do."""

    def service_metadata_frame(self):
        frame = super().service_metadata_frame()
        frame.user_turn_strategies = ExternalUserTurnStrategies()
        return frame

    @property
    def supports_ttfs(self) -> bool:
        return False

    async def turn_starts(self):
        await self.broadcast_frame(F.ProposedUserStartedSpeakingFrame)

    async def turn_stops(self):
        await self.broadcast_frame(F.ProposedUserStoppedSpeakingFrame)


@mockai
class AnnouncingSTTService(MockSTTService):
    """Announces turns itself, as older services do."""

    async def turn_starts(self):
        await self.broadcast_frame(F.UserStartedSpeakingFrame)
        await self.broadcast_interruption()

    async def turn_stops(self):
        await self.broadcast_frame(F.UserStoppedSpeakingFrame)


async def says_to_turn_stt(rig: Rig, text: str, *more: str):
    await rig.stt.turn_starts()
    await rig.mic.hears(2)
    await rig.stt.interim(text[:4])
    await rig.mic.hears(2)
    await rig.stt.final(text)
    for piece in more:
        await pause(0.02)
        await rig.stt.final(piece)
    await pause(0.02)
    await rig.stt.turn_stops()


@scene(lambda: dict(stt=TurnSTTService, vad=None, strategies=ExternalUserTurnStrategies()), replies=["Hi there.", STORY, "Okay."])
async def stt_detects_turns(rig: Rig):
    await says_to_turn_stt(rig, "Hello.")
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)
    await says_to_turn_stt(rig, "Please tell me", "a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.04)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await says_to_turn_stt(rig, "Stop it.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


@scene(lambda: dict(stt=AnnouncingSTTService, vad=None, strategies=ExternalUserTurnStrategies()),
       replies=["Hi there.", "Okay."])  # fmt: skip
async def stt_announces_turns(rig: Rig):
    await says_to_turn_stt(rig, "Hello.")
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)
    await says_to_turn_stt(rig, "What is", "the time?")
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)


@scene(lambda: dict(vad=None), replies=["Hi there.", STORY, "Okay."])
async def transcripts_only(rig: Rig):
    """No voice activity and no turns: transcripts start the user's turns, interim ones too."""
    await rig.mic.hears(2)
    await rig.stt.interim("Hel")
    await pause(0.03)
    await rig.stt.final("Hello.")
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)
    await rig.stt.final("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.04)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.stt.interim("Stop")
    await pause(0.03)
    await rig.stt.final("Stop it.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


@scene(lambda: dict(vad="processor"), replies=[STORY, "Okay."])
async def vad_before_stt_interrupts(rig: Rig):
    await rig.says("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.04)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("Stop it.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


def turn_processor(rig: Rig, before: list):
    turns = UserTurnProcessor(
        user_turn_strategies=UserTurnStrategies(
            start=[VADUserTurnStartStrategy(), TranscriptionUserTurnStartStrategy()],
            stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.02)],
        )
    )
    return [rig.mic, *before, rig.stt, turns, rig.user, rig.llm, rig.tts, rig.speaker, rig.assistant]


@scene(lambda: dict(vad="processor", pipeline=turn_processor, strategies=ExternalUserTurnStrategies()),
       replies=["Hi there.", STORY, "Okay."])  # fmt: skip
async def turn_processor_apart(rig: Rig):
    await rig.exchange("Hello.")
    await rig.says("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.04)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("Stop it.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


# ---------------------------------------------------------------- 5. several utterances


@scene(replies=["To Paris, tomorrow."],
       make=lambda: dict(strategies=UserTurnStrategies(
           start=[VADUserTurnStartStrategy()], stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.15)])))  # fmt: skip
async def three_utterances(rig: Rig):
    """One turn of the user with two pauses, each with a voice of its own."""
    await rig.says("I want to go")
    await pause(0.03)
    await rig.says("to Paris")
    await pause(0.03)
    await rig.exchange("tomorrow morning.")


@scene(replies=["Let me see what I know.", "Well.", "Here it is: blue."])
async def speaks_again_twice(rig: Rig):
    """The user speaks twice more before the bot made a sound."""
    rig.llm.first_byte = 0.2
    await rig.says("What is")
    await rig.comes(F.LLMFullResponseStartFrame)
    await rig.says("I mean which colour")
    await rig.comes(F.LLMFullResponseStartFrame)
    await rig.exchange("is your favourite?")


@scene(replies=[[Call([("get_weather", {"city": "Paris"})])], "Never mind then."])
async def tool_cancelled_by_user(rig: Rig):
    tool(rig, "get_weather", 2)
    await rig.says("How is the weather?")
    await rig.comes(F.FunctionCallInProgressFrame)
    await pause(0.1)
    await rig.exchange("Forget it.")


@scene(replies=[[Say("One moment."), Call([("get_weather", {"city": "Paris"})])], "I am here.", "It is warm."])
async def tool_survives_user(rig: Rig):
    """A tool that an interruption does not cancel returns in the next turn."""
    tool(rig, "get_weather", 0.6, cancel_on_interruption=False)
    await rig.exchange("How is the weather?")
    await pause(0.05)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.exchange("Are you still there?")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


@scene(replies=[[Say("I look it up."), Call([("get_weather", {})])], "Anything else?", "Fine.", "It is warm."])
async def async_tool_outlives(rig: Rig):
    """An async tool that takes longer than the next turns; the turn that asked ended long before."""
    tool(rig, "get_weather", 3.4, cancel_on_interruption=False)
    await rig.exchange("How is the weather?")
    await pause(0.05)
    await rig.exchange("No.")
    await pause(3)
    await rig.comes(F.BotStoppedSpeakingFrame, 1)
    await pause(0.05)


@scene(replies=[[Call([("get_weather", {"city": "Paris"}), ("get_time", {"zone": "CET"})])], "Warm, and noon."])
async def two_tools_at_once(rig: Rig):
    tool(rig, "get_weather", 0.1, result="warm")
    tool(rig, "get_time", 0.05, result={"time": "12:00"})
    await rig.exchange("Weather and time?")


@scene(replies=[[Call([("get_weather", {}), ("get_time", {})])], [Say("It is warm in Paris today.", every=0.03)],
                "And it is noon."], llm_options=dict(group_parallel_tools=False))  # fmt: skip
async def tools_ungrouped(rig: Rig):
    """Each result asks the model; the second comes while the model still answers the first."""
    tool(rig, "get_weather", 0.05, result="warm")
    tool(rig, "get_time", 0.15, result="noon")
    await rig.says("Weather and time?")
    await rig.comes(F.LLMFullResponseEndFrame, 3, since=0)
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.2)


@scene(replies=[[Call([("look_up", {"n": 1})])], [Call([("look_up", {"n": 2})])], "Both are fine."])
async def tool_after_tool(rig: Rig):
    tool(rig, "look_up", 0.05, result=[1, 2])
    await rig.exchange("Check both.")


# ---------------------------------------------------------------- 7. several models


def two_llms(rig: Rig, before: list):
    rig.llms = [rig.llm, MockLLMService(["SENTIMENT: happy."], model="mock-llm-small")]
    rig.llms[1].first_byte = 0.05
    drop = Dropper()
    return [rig.mic, *before, rig.stt, rig.user,
            ParallelPipeline([rig.llm, rig.tts], [rig.llms[1], drop]), rig.speaker, rig.assistant]  # fmt: skip


class Dropper(FrameProcessor):
    """Keeps a side model's words from being spoken."""

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        kinds = (F.LLMFullResponseStartFrame, F.LLMTextFrame, F.LLMFullResponseEndFrame)
        if not (direction == FrameDirection.DOWNSTREAM and isinstance(frame, kinds)):
            await self.push_frame(frame, direction)


@scene(lambda: dict(pipeline=two_llms), replies=["Good to hear."])
async def parallel_classifier(rig: Rig):
    await rig.exchange("I am happy.")
    await pause(0.1)


@mockai
class OtherLLMService(MockLLMService):
    pass


def switched_llms(rig: Rig, before: list):
    rig.llms = [rig.llm, OtherLLMService(["Hola.", "Adios."], model="mock-llm-2")]
    rig.switch = LLMSwitcher(rig.llms, ServiceSwitcherStrategyManual)
    return [rig.mic, *before, rig.stt, rig.user, rig.switch, rig.tts, rig.speaker, rig.assistant]


@scene(lambda: dict(pipeline=switched_llms), replies=["Hi there."])
async def llm_switch(rig: Rig):
    await rig.exchange("Hello.")
    await rig.queue(F.ManuallySwitchServiceFrame(service=rig.llms[1]))
    await pause(0.03)
    await rig.exchange("Speak Spanish.")


def both_speak(rig: Rig, before: list):
    rig.llms = [rig.llm, MockLLMService(["Second opinion."], model="mock-llm-1")]
    rig.llms[1].first_byte = 0.1
    return [rig.mic, *before, rig.stt, rig.user, ParallelPipeline([rig.llm], [rig.llms[1]]), rig.tts, rig.speaker,
            rig.assistant]  # fmt: skip


@scene(lambda: dict(pipeline=both_speak), replies=["First opinion."])
async def parallel_both_speak(rig: Rig):
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("What do you think?")
    await rig.comes(F.BotStoppedSpeakingFrame, 1, since=since)
    await pause(0.4)


# ---------------------------------------------------------------- 8. errors


@scene(replies=["Say that again please."])
async def stt_error_in_utterance(rig: Rig):
    await rig.mic.hears(3)
    await rig.stt.push_error("STT: connection lost", exception=ConnectionError("reset by peer"))
    await rig.mic.hears(1, voice=False)
    await pause(0.02)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.stt.final("Hello.")
    await rig.comes(F.BotStoppedSpeakingFrame, since=since)
    await pause(0.03)


@scene(replies=["Hi there.", "Bye."])
async def stt_error_in_silence(rig: Rig):
    await rig.exchange("Hello.")
    await pause(0.1)
    await rig.stt.push_error("STT: idle timeout, reconnecting")
    await pause(0.05)
    await rig.exchange("Bye.")


@scene(replies=["First sentence is fine. Second one fails. Third is fine."])
async def tts_error_mid_synthesis(rig: Rig):
    rig.tts.fails = [None, (1, "voice server went away")]
    rig.tts.pieces = 2
    await rig.says("Speak.")
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.5)


@scene(replies=["Nobody hears this.", "This works."])
async def tts_error_before_start(rig: Rig):
    rig.tts.fails = [(0, "voice not found")]
    await rig.says("Speak.")
    await rig.comes(F.ErrorFrame)
    await pause(0.1)
    await rig.exchange("Speak up.")


@scene(replies=[[Say("I am"), Wait(0.02), Fail("LLM: out of credit", PermissionError("402"), fatal=True)]])
async def llm_error_fatal(rig: Rig):
    await rig.says("Go on.")
    await rig.comes(F.CancelFrame)
    await pause(0.1)


class Broken(FrameProcessor):
    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, F.LLMContextFrame) and direction == FrameDirection.DOWNSTREAM:
            await self.push_error("Redaction failed", exception=ValueError("bad pattern"))
        await self.push_frame(frame, direction)


def broken_pipeline(rig: Rig, before: list):
    return [rig.mic, *before, rig.stt, rig.user, Broken(), rig.llm, rig.tts, rig.speaker, rig.assistant]


@scene(lambda: dict(pipeline=broken_pipeline), replies=["Hi there."])
async def error_of_no_service(rig: Rig):
    await rig.exchange("Hello.")


@scene(replies=[[Call([("book", {"seat": "12A"})])], "It is taken."])
async def tool_result_error(rig: Rig):
    tool(rig, "book", 0.05, result={"error": "seat is taken", "seat": "12A"})
    await rig.exchange("Book seat 12A.")


@scene(replies=[[Call([("book", {"seat": "12A"})])], "It took too long."])
async def tool_timeout(rig: Rig):
    tool(rig, "book", 5, timeout_secs=0.2)
    await rig.exchange("Book seat 12A.")


@scene(replies=[[Call([("book", {"seat": "12A"}), ("pay", {"eur": 20})])], "The payment failed."])
async def tool_raises_beside_another(rig: Rig):
    tool(rig, "book", 0.15, result={"error": ""})
    tool(rig, "pay", 0.05, error=RuntimeError("card declined"))
    await rig.exchange("Book and pay.")


@scene(replies=[[Call([("no_such_tool", {})])], "I cannot do that."])
async def tool_unknown(rig: Rig):
    await rig.exchange("Do it.")


# ---------------------------------------------------------------- 9. metrics


@scene(replies=[[Say(STORY, every=0.01)], "Okay."], llm_options=dict(bills_after_end=True))
async def usage_after_end(rig: Rig):
    await rig.says("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.02)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("Stop.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


@scene(replies=["Hi there.", "Bye."], metrics=False, usage=False)
async def no_metrics(rig: Rig):
    await rig.exchange("Hello.")
    await rig.exchange("Bye.")


@scene(replies=["One sentence here. And a second one. And a third one."])
async def tts_bills_late(rig: Rig):
    rig.tts.bills_late = True
    await rig.exchange("Speak.")


# ---------------------------------------------------------------- 10. kinds of TTS


@scene(lambda: dict(tts=MockWordTTSService), replies=[STORY, "Okay."])
async def tts_words(rig: Rig):
    await rig.says("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.13)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("Stop.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


@mockai
class SilentTextTTSService(MockTTSService):
    """Sends sound and no text."""

    def __init__(self):
        super().__init__(push_text_frames=False)

    async def _apply_force_complete(self, context_id):
        pass


@scene(lambda: dict(tts=SilentTextTTSService), replies=["Hi there.", "Bye."])
async def tts_without_text(rig: Rig):
    await rig.exchange("Hello.")
    await rig.exchange("Bye.")


@scene()
async def speak_frames_only(rig: Rig):
    """Two announcements in a row, and nothing else."""
    await rig.queue(F.TTSSpeakFrame("The train is late."), F.TTSSpeakFrame("We are sorry."))
    await rig.comes(F.BotStoppedSpeakingFrame, 2)
    await pause(0.03)


@scene(replies=["Hi there.", "Good bye."])
async def idle_reminder(rig: Rig):
    """The bot speaks up after a silence that ended the turn."""
    await rig.exchange("Hello.")
    await pause(2.7)
    await rig.speak("Are you still there?")
    await pause(2.7)
    await rig.queue(F.LLMMessagesAppendFrame([{"role": "developer", "content": "Say good bye."}], run_llm=True))
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)


# ---------------------------------------------------------------- 11. timeouts and headers


@scene(replies=["Hi there."],
       recorder=dict(turn_end_timeout_ms=300,
                     attributes={"tenant": "acme", "seats": 3, "score": 0.5, "beta": True, "tags": ["a", "b"]}))  # fmt: skip
async def short_timeout(rig: Rig):
    await rig.exchange("Hello.")
    await pause(0.5)
    await rig.speak("Still there?")
    await pause(0.1)
    await rig.speak("Hello?")
    await pause(0.5)


@scene(replies=[[Say("First part of it. And"), Wait(3.2), Say(" here is the second part of it.")], "Bye."])
async def llm_pauses(rig: Rig):
    """The bot is silent for longer than the timeout while its model still streams."""
    since = rig.count(F.BotStoppedSpeakingFrame)
    rig.tts._stop_frame_timeout_s = 0.2
    await rig.says("Tell me.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.05)
    await rig.exchange("Bye.")


@scene(replies=["Hi there."], conversation_id=None)
async def no_conversation_id(rig: Rig):
    await rig.exchange("Hello.")


# ---------------------------------------------------------------- 12. contexts and texts


TOOLS = ToolsSchema(
    standard_tools=[
        FunctionSchema("get_weather", "The weather of a city", {"city": {"type": "string"}}, ["city"]),
        FunctionSchema("get_time", "The time", {}, []),
    ]
)


@scene(lambda: dict(llm=MockLLMService(
    [[Say("Bonjour.")]],
    settings=LLMSettings(model="mock-llm-1", system_instruction="Speak French.", temperature=0.2, top_p=None))),
    messages=[])  # fmt: skip
async def system_instruction(rig: Rig):
    await rig.exchange("Hello.")


@scene(replies=[" ¿Qué tal? ", "你好，世界。今天很好。", "Fine 👍🏽 👩‍👩‍👧. Ça va?"])
async def other_scripts(rig: Rig):
    await rig.exchange("¿Hola?")
    await rig.exchange("你好")
    await rig.exchange("  Ok 👍🏽  ")


@scene(replies=[[Say("", chunks=[])], "Yes?", "Hm."])
async def no_text_at_all(rig: Rig):
    """A response with nothing in it, and a transcript with nothing in it."""
    await rig.says("Hello.")
    await rig.comes(F.LLMFullResponseEndFrame)
    await pause(0.1)
    await rig.mic.hears(2)
    await rig.mic.hears(1, voice=False)
    await pause(0.02)
    await rig.stt.final("   ")
    await pause(0.05)
    await rig.exchange("Are you there?")


@scene(make=lambda: dict(tools=TOOLS), replies=[
    [Say("Thinking."), Bill(dict(prompt_tokens=900, completion_tokens=50, total_tokens=1150,
                                 cache_read_input_tokens=150, cache_creation_input_tokens=50, reasoning_tokens=30))],
    [Say("", chunks=["1", "1", "1"]), Bill({})],
    [Say("", chunks=["Hello", "Hello world", "Hello world!"])],
])  # fmt: skip
async def usage_and_chunks(rig: Rig):
    for text in ("One.", "Two.", "Three."):
        await rig.exchange(text)


@scene(replies=["I see a cat.", "Yes."], messages=[
    {"role": "system", "content": "Be short."},
    {"role": "developer", "content": "The user is called Ada."},
    {"role": "user", "content": "Hi."},
    {"role": "assistant", "content": "Hello Ada."},
])  # fmt: skip
async def picture_and_developer(rig: Rig):
    rig.context.add_message({"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]})  # fmt: skip
    await rig.queue(F.LLMRunFrame())
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)
    await rig.exchange("Sure?")


# ---------------------------------------------------------------- 13. instants


@scene(replies=["This is one. This is two. This is three.", "Okay."])
async def interrupt_between_sentences(rig: Rig):
    await rig.says("Count.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.012)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("Stop.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


@scene(replies=["Hi there my dear friend.", "Okay."])
async def user_starts_at_bot_stop(rig: Rig):
    """The user starts in the same instant in which the bot stops."""
    await rig.says("Hello.")
    await rig.comes(F.BotStoppedSpeakingFrame)
    await rig.exchange("And now?")


@scene(replies=["A.", "B.", "C.", "D."])
async def quick_turns(rig: Rig):
    for text in ("One.", "Two.", "Three.", "Four."):
        since = rig.count(F.BotStoppedSpeakingFrame)
        await rig.says(text, pieces=1, understood=0.003)
        await rig.comes(F.BotStoppedSpeakingFrame, since=since)


@scene(make=lambda: dict(strategies=UserTurnStrategies(
    start=[VADUserTurnStartStrategy(enable_interruptions=False)],
    stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.02)])),
    replies=[STORY, "You are welcome."])  # fmt: skip
async def no_interruptions(rig: Rig):
    """Interruptions are off: the user speaks over the bot, and the bot goes on."""
    await rig.says("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("How nice.", pieces=2, understood=0.01)
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.05)


@scene(make=lambda: dict(strategies=UserTurnStrategies(
    start=[MinWordsUserTurnStartStrategy(min_words=3)],
    stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.02)])),
    replies=[STORY, "Okay then."])  # fmt: skip
async def min_words(rig: Rig):
    """Two words while the bot speaks are no interruption; four are."""
    await rig.says("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await rig.says("Oh really.", pieces=1, understood=0.003)
    await pause(0.01)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("Please stop it now.", pieces=1, understood=0.003)
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.05)


@scene(lambda: dict(tts=MockTTSService(stop_frame_timeout_s=0.4)), replies=["One.", "Okay."])
async def interrupt_after_all_said(rig: Rig):
    """The user starts when all of the audio has been played, but the bot has not been said to stop."""
    rig.tts.on_turn_context_completed = never  # a websocket service: nobody closes its context but time
    await rig.says("Count.")
    since = rig.count(F.BotStartedSpeakingFrame)
    await rig.comes(F.BotStartedSpeakingFrame, since=since)
    await pause(0.15)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("Thanks.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


async def never():
    pass


@scene(replies=["Hi there.", [Say("One. Two. Three. Four.", every=0.05)], "Yes."])
async def context_while_streaming(rig: Rig):
    """The application asks the model again while it still answers."""
    await rig.exchange("Hello.")
    await rig.says("Count.")
    await rig.comes(F.LLMTextFrame, 2)
    since = rig.count(F.LLMFullResponseEndFrame)
    rig.context.add_message({"role": "developer", "content": "Be quick."})
    await rig.queue(F.LLMContextFrame(rig.context))
    await rig.comes(F.LLMFullResponseEndFrame, 2, since=since)
    await rig.comes(F.BotStoppedSpeakingFrame, 1)
    await pause(0.3)


@scene(lambda: dict(mutes=[FunctionCallUserMuteStrategy()], vad="processor"),
       replies=[[Call([("get_weather", {})])], "It is warm."])  # fmt: skip
async def muted_while_tool_runs(rig: Rig):
    tool(rig, "get_weather", 0.3)
    await rig.says("Weather?")
    await rig.comes(F.FunctionCallInProgressFrame)
    await pause(0.03)
    await rig.says("Hurry up.", pieces=2)
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)


@scene(replies=["Welcome to the shop. It has many shoes for you.", "Sure."])
async def greeting_interrupted(rig: Rig):
    """The bot speaks first, and the user cuts it short."""
    await rig.queue(F.LLMRunFrame())
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.03)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("I want shoes.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


@scene(replies=["Hi there.", "The fox is red and lives in a den. It sleeps."])
async def reminder_interrupted(rig: Rig):
    """A bot that speaks up in mid-conversation is cut short."""
    await rig.exchange("Hello.")
    await pause(2.6)
    await rig.queue(F.TTSSpeakFrame("Are you still there? I have more to tell you about foxes."))
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.02)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("Yes, go on.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


# ---------------------------------------------------------------- 6. speech to speech


@mockai
class MockRealtimeLLMService(LLMService):
    """Hears and speaks by itself, in the order of Pipecat's OpenAI Realtime service with turns told by the server."""

    def __init__(self):
        super().__init__(settings=LLMSettings(model="mock-realtime-1", temperature=0.8))
        self.known = False
        self.responding = False
        self.answers: list = []

    def can_generate_metrics(self) -> bool:
        return True

    def service_metadata_frame(self):
        return F.LLMServiceMetadataFrame(
            service_name=self.name, is_realtime_service=True, user_turn_strategies=ExternalUserTurnStrategies()
        )

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        if isinstance(frame, F.LLMContextFrame):
            if not self.known or direction == FrameDirection.UPSTREAM:
                self.known = True
                await self.push_frame(F.LLMFullResponseStartFrame())
                await self.start_processing_metrics()
                await self.start_ttfb_metrics()
                self.create_task(self.respond(self.answers.pop(0)))
        elif isinstance(frame, F.InterruptionFrame):
            await self.stop_all_metrics()
            if self.responding:
                self.responding = False
                await self.push_frame(F.LLMFullResponseEndFrame())
                await self.push_frame(F.TTSStoppedFrame())
        await self.push_frame(frame, direction)

    async def speech_starts(self):
        await self.broadcast_frame(F.ProposedUserStartedSpeakingFrame)

    async def speech_stops(self):
        await self.start_ttfb_metrics()
        await self.start_processing_metrics()
        await self.broadcast_frame(F.ProposedUserStoppedSpeakingFrame)

    async def hears(self, text: str, *deltas: str):
        for delta in deltas:
            await self.push_frame(F.InterimTranscriptionFrame(delta, "", "now"), FrameDirection.UPSTREAM)
        await self.push_frame(F.TranscriptionFrame(text, "", "now"), FrameDirection.UPSTREAM)

    async def respond(self, text: str | None = None, hears: str | None = None, call: tuple | None = None):
        await pause(0.03)
        context = getattr(self, "context", None)
        if call:
            await self.run_function_calls([FunctionCallFromLLM(call[0], "call_1", call[1], context)])
        if text:
            self.responding = True
            await self.push_frame(F.LLMFullResponseStartFrame())
            await self.stop_ttfb_metrics()
            await self.push_frame(F.TTSStartedFrame())
            for i, word in enumerate(words(text)):
                if not self.responding:
                    return
                await self.push_frame(F.TTSAudioRawFrame(sound(PIECE, True), RATE, 1))
                chunk = F.LLMTextFrame(word)
                chunk.append_to_context = False
                await self.push_frame(chunk)
                said = F.TTSTextFrame(word, text_type=TextType.SENTENCE)
                said.includes_inter_frame_spaces = True
                await self.push_frame(said)
                if hears and i == 0:
                    await self.hears(hears)
                await pause(0.004)
        await self.start_llm_usage_metrics(LLMTokenUsage(
            prompt_tokens=200, completion_tokens=40, total_tokens=240, cache_read_input_tokens=64,
            input_audio_tokens=150, output_audio_tokens=30))  # fmt: skip
        await self.stop_processing_metrics()
        if text:
            await self.push_frame(F.TTSStoppedFrame())
        await self.push_frame(F.LLMFullResponseEndFrame())
        self.responding = False


def realtime(rig: Rig, before: list):
    return [rig.mic, *before, rig.user, rig.llm, rig.speaker, rig.assistant]


def realtime_options():
    return dict(vad=None, pipeline=realtime, llm=MockRealtimeLLMService(), strategies=ExternalUserTurnStrategies())


@scene(realtime_options)
async def realtime_turns(rig: Rig):
    """The bot greets; then two turns of the user, whose transcript comes after the reply has begun."""
    rig.llm.answers = ["Hello, how can I help?"]
    await rig.queue(F.LLMRunFrame())
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)
    for question, answer in (("What time is it?", "It is noon."), ("Thank you.", "You are welcome.")):
        await rig.llm.speech_starts()
        await rig.mic.hears(4)
        await rig.llm.speech_stops()
        since = rig.count(F.BotStoppedSpeakingFrame)
        await rig.llm.respond(answer, hears=question)
        await rig.comes(F.BotStoppedSpeakingFrame, since=since)
        await pause(0.05)


@scene(realtime_options)
async def realtime_interrupted(rig: Rig):
    rig.llm.known = True
    await rig.llm.speech_starts()
    await rig.mic.hears(3)
    await rig.llm.speech_stops()
    await rig.llm.hears("Tell me a story.", "Tell me", " a story.")
    talk = asyncio.create_task(rig.llm.respond(STORY))
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.05)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.llm.speech_starts()
    await talk
    await rig.mic.hears(3)
    await rig.llm.speech_stops()
    await rig.llm.hears("Stop it.")
    await rig.llm.respond("Okay.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.05)


@scene(realtime_options)
async def realtime_tool(rig: Rig):
    tool(rig, "get_weather", 0.05)
    rig.llm.known = True
    rig.llm.context = rig.context
    rig.llm.answers = ["It is warm in Paris."]
    await rig.llm.speech_starts()
    await rig.mic.hears(3)
    await rig.llm.speech_stops()
    await rig.llm.hears("How is the weather?")
    await rig.llm.respond(call=("get_weather", {"city": "Paris"}))
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)


@mockai
class MockLiveLLMService(MockRealtimeLLMService):
    """Hears and speaks by itself, in the order of Pipecat's Gemini Live service: turns are told by local VAD."""

    def service_metadata_frame(self):
        return F.LLMServiceMetadataFrame(service_name=self.name, is_realtime_service=True)

    async def process_frame(self, frame, direction):
        await LLMService.process_frame(self, frame, direction)
        if isinstance(frame, F.InterruptionFrame) and self.responding:
            self.responding = False
            await self.push_frame(F.TTSStoppedFrame())
        elif isinstance(frame, F.UserStoppedSpeakingFrame) and direction == FrameDirection.DOWNSTREAM:
            await self.start_ttfb_metrics()
        await self.push_frame(frame, direction)

    async def respond(self, text: str | None = None, hears: str | None = None, call: tuple | None = None):
        await pause(0.03)
        self.responding = True
        await self.stop_ttfb_metrics()
        await self.push_frame(F.TTSStartedFrame())
        await self.push_frame(F.LLMFullResponseStartFrame())
        for word in words(text):
            if not self.responding:
                return
            await self.push_frame(F.TTSAudioRawFrame(sound(PIECE, True), RATE, 1))
            chunk = F.LLMTextFrame(word)
            chunk.append_to_context = False
            await self.push_frame(chunk)
            said = F.TTSTextFrame(word, text_type=TextType.SENTENCE)
            said.includes_inter_frame_spaces = True
            await self.push_frame(said)
            await pause(0.004)
        self.responding = False
        await self.push_frame(F.TTSStoppedFrame())
        await self.push_frame(F.LLMFullResponseEndFrame())
        await self.start_llm_usage_metrics(
            LLMTokenUsage(prompt_tokens=200, completion_tokens=40, total_tokens=240, reasoning_tokens=7)
        )


def live_options():
    return dict(
        pipeline=realtime,
        llm=MockLiveLLMService(),
        strategies=UserTurnStrategies(
            start=[VADUserTurnStartStrategy()], stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.02)]
        ),
    )


@scene(live_options)
async def live_turns(rig: Rig):
    for question, answer in (("What time is it?", "It is noon."), ("And the date?", STORY), ("Stop.", "Okay.")):
        await rig.mic.hears(3)
        await rig.mic.hears(1, voice=False)
        await pause(0.03)
        await rig.llm.hears(question)
        talk = asyncio.create_task(rig.llm.respond(answer))
        if answer == STORY:
            await rig.comes(F.BotStartedSpeakingFrame)
            await pause(0.05)
            talk.cancel()  # the server hears the user, too, and says no more
        else:
            await rig.comes(F.BotStoppedSpeakingFrame)
            await talk
            await pause(0.05)


# ---------------------------------------------------------------- more of what may go wrong


@scene(replies=[[Say("One moment."), Call([("get_weather", {"city": "Paris"})])], "Never mind then."])
async def tool_cancelled_after_speech(rig: Rig):
    """The bot has spoken while its tool runs; the user's next words begin a turn, and cancel the tool."""
    tool(rig, "get_weather", 2)
    await rig.exchange("How is the weather?")
    await pause(0.1)
    await rig.exchange("Forget it.")


@scene(replies=[[Call([("get_weather", {"city": "Paris"})])], "It is warm."])
async def tool_speaks_filler(rig: Rig):
    """The tool's handler has something spoken while it works."""

    async def handler(params):
        await rig.tts.queue_frame(F.TTSSpeakFrame("Let me check."))
        await pause(0.15)
        await params.result_callback({"ok": True})

    rig.llm.register_function("get_weather", handler)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("Weather?")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.05)


@scene(replies=[[Say(STORY, every=0.03)]], llm_options=dict(bills_after_end=True))
async def cancel_llm_bills(rig: Rig):
    """The model says what it used while the Cancel is on its way."""
    await rig.says("Tell me a story.")
    await rig.comes(F.LLMTextFrame, 4)
    await rig.worker.cancel()


@scene(replies=[STORY])
async def cancel_bot_speaks(rig: Rig):
    await rig.says("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.05)
    await rig.worker.cancel()


@scene(lambda: dict(tts=MockTTSService(text_aggregation_mode=TextAggregationMode.TOKEN)),
       replies=["Hi there. How are you?", "The fox lives in a den. It likes to eat berries.", "Okay."])  # fmt: skip
async def tts_tokens(rig: Rig):
    """Synthesis is given the model's words one by one."""
    rig.tts.pieces = 1
    rig.tts.first_byte = 0.002
    await rig.exchange("Hello.")
    await rig.says("Tell me a story.")
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.08)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("Stop.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.03)


@scene(replies=["This is only shown. It is not spoken.", "Spoken again."])
async def skip_tts(rig: Rig):
    """For one reply, the application has the model's text shown and not spoken."""
    await rig.queue(F.LLMConfigureOutputFrame(skip_tts=True))
    since = rig.count(F.LLMFullResponseEndFrame)
    await rig.says("Show me.")
    await rig.comes(F.LLMFullResponseEndFrame, since=since)
    await pause(0.1)
    await rig.queue(F.LLMConfigureOutputFrame(skip_tts=False))
    await pause(0.05)
    await rig.exchange("Say it.")


@scene(replies=["Hi there.", "Sure."])
async def speech_not_interruptible(rig: Rig):
    """An announcement that must be heard: the user speaks over it, and it goes on."""
    await rig.exchange("Hello.")
    speech = F.TTSSpeakFrame("This call is recorded for training, please bear with us.")
    speech.interruptible = False
    await rig.queue(speech)
    await rig.comes(F.BotStartedSpeakingFrame)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("I want shoes.", pieces=2, understood=0.01)
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.05)


@scene(make=lambda: dict(strategies=UserTurnStrategies(
    start=[MinWordsUserTurnStartStrategy(min_words=3)],
    stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.02)])),
    replies=["Okay then."], recorder=dict(turn_end_timeout_ms=200))  # fmt: skip
async def final_in_no_turn(rig: Rig):
    """Words that were spoken over the bot are understood only when its turn is long over."""
    await rig.queue(F.TTSSpeakFrame("Welcome to the shop, what can I do for you?"))
    await rig.comes(F.BotStartedSpeakingFrame)
    await rig.says(None, pieces=2)
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.4)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.stt.final("Hello.")
    await rig.comes(F.BotStoppedSpeakingFrame, since=since)
    await pause(0.03)


@scene(replies=["Hi there."])
async def two_speeches_interrupted(rig: Rig):
    """Two announcements are asked for, and the user cuts the first one short: the second is never said."""
    await rig.queue(F.TTSSpeakFrame("The train to Berlin is very late today."), F.TTSSpeakFrame("We are sorry."))
    await rig.comes(F.BotStartedSpeakingFrame)
    await pause(0.005)
    since = rig.count(F.BotStoppedSpeakingFrame)
    await rig.says("Hello.")
    await rig.comes(F.BotStoppedSpeakingFrame, 2, since=since)
    await pause(0.05)


@scene(replies=["Hi there.", "Yes."])
async def interim_and_no_final(rig: Rig):
    """The user begins something that is never understood to its end, then says it again."""
    await rig.exchange("Hello.")
    await rig.mic.hears(3)
    await rig.stt.interim("Are you")
    await rig.mic.hears(1, voice=False)
    await pause(0.2)
    await rig.exchange("Are you there?")


@scene(make=lambda: dict(
    tools=TOOLS,
    llm=MockLLMService(["Fine."], settings=LLMSettings(
        model="mock-llm-1", system_instruction="Be short.", temperature=0.7, top_p=0.9, seed=7, max_tokens=99)),
    messages=[message for i in range(150) for message in (
        {"role": "user", "content": f"Question {i}?"}, {"role": "assistant", "content": f"Answer {i}."})]),
    recorder=dict(attributes={f"app.key_{i}": i for i in range(8)}))  # fmt: skip
async def history_of_300(rig: Rig):
    await rig.exchange("And now?")


@scene(lambda: dict(tts=MockTTSService(skip_text_types=["code"])), replies=["unused"])
async def code_not_spoken(rig: Rig):
    """A piece of code in the middle of a reply is shown and not spoken."""
    await rig.tts.queue_frame(F.LLMFullResponseStartFrame())
    for text, kind in (("Type this.", "sentence"), ("rm -r old", "code"), ("Then press enter.", "sentence")):
        await rig.tts.queue_frame(F.AggregatedTextFrame(text, kind))
    await rig.tts.queue_frame(F.LLMFullResponseEndFrame())
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)


@scene(replies=[[Say("First try."), Stop(ConnectionError("reset"))], "Second try works."])
async def error_then_again(rig: Rig):
    """The model fails in the middle of its answer, what it had said is spoken, and the user asks again."""
    await rig.says("Go.")
    await rig.comes(F.BotStoppedSpeakingFrame)
    await pause(0.05)
    await rig.exchange("Go again.")
