"""The expectations of recordings with real service classes, by their frames and by the notes of the providers."""

from __future__ import annotations

from expect import ABSENT, FALSY, Turn, cascade

EXPECTED = {}
STORY = "Once upon a time there was a fox. The fox lived in a den. It liked to eat many berries."
TRANSCRIBE, POLLY, AZURE = "AWSTranscribeSTTService#0", "AWSPollyTTSService#0", "AzureLLMService#0"
BEDROCK, PIPER = "AWSBedrockLLMService#0", "PiperTTSService#0"
FLUX, PIPER_HTTP = "DeepgramFluxSTTService#0", "PiperHttpTTSService#0"


def of(make):
    EXPECTED["own_" + make.__name__] = make
    return make


def transcribed(text: str, seconds: float | None = None, *, turn: Turn, a: str, b: str) -> Turn:
    """Transcribe reports its response time (`seconds`) only two seconds after the end of the voice."""
    attrs = {"stt.language": "en-US"}
    if seconds:
        attrs["service.ttfb_seconds"] = {"min": seconds - 0.005, "max": seconds + 0.005}
    return turn.stt(text, a, b, TRANSCRIBE, attrs=attrs)


def answered(model: str, cached: int = 0, tokens: tuple[int, int] | None = None, **attrs) -> dict:
    """The attributes of a call that reported its tokens."""
    attrs |= {"gen_ai.response.model": model, "service.ttfb_source": "reported"}
    if tokens:
        prompt, completion = tokens
        attrs |= {"llm.token_count.prompt": prompt, "llm.token_count.completion": completion,
                  "llm.token_count.total": prompt + completion, "gen_ai.usage.input_tokens": prompt,
                  "gen_ai.usage.output_tokens": completion}  # fmt: skip
    if cached:
        attrs["llm.token_count.prompt_details.cache_read"] = cached
    return attrs


# ---------------------------------------------------------------- Azure OpenAI, Amazon Transcribe, Amazon Polly

GPT = {"llm.invocation_parameters": {"json_contains": {"temperature": 0.3, "max_completion_tokens": 200}},
       "gen_ai.request.temperature": 0.3, "gen_ai.request.max_tokens": 200}  # fmt: skip


def gpt(*tokens: int, cached: int = 0) -> dict:
    return answered("gpt-4.1", cached, tokens, **GPT)


@of
def azure_transcribe_polly(log):
    wait = cascade(log, TRANSCRIBE, AZURE, POLLY)

    said = "Hello! How can I help?"
    turn = Turn(log, 1, "Hello there.", said, "completed", "start0", "bot-0", ("vad-0", "bot+0"))
    turn.waits(wait("vad-0", "final0", "ctx0", "text0", "bot+0"))
    transcribed("Hello there.", 0.5013, turn=turn, a="vad+0", b="final0")
    turn.llm(said, "ctx0", "re0", service=AZURE, attrs=gpt(120, 8))
    yield turn.tts(said, said, "text0", "tts-0", chars=21, service=POLLY)  # 6 + 15

    said = "It is four degrees in Oslo. Take a coat."
    asked = "What is the weather in Oslo?"
    city, weather = {"city": "Oslo"}, {"celsius": 4}
    turn = Turn(log, 2, asked, said, "completed", "vad+1", "bot-1", ("vad-1", "bot+1"))
    turn.waits(wait("vad-1", "final1", "ctx1", "text2", "bot+1", answer="ctx2", tools=[("tool+0", "tool-0")]))
    transcribed(asked, 0.4006, turn=turn, a="vad+1", b="final1")
    calls = [["get_weather", city, "call_oslo"]]
    turn.llm(None, "ctx1", "re1", service=AZURE, ref="L", calls=calls, attrs=gpt(150, 16))
    turn.tool("get_weather", "call_oslo", city, weather, "tool+0", "tool-0", "L")
    turn.llm(said, "ctx2", "re2", service=AZURE, attrs=gpt(180, 13, cached=128))
    yield turn.tts(said, said, "text2", "tts-1", chars=39, service=POLLY)  # 27 + 12

    # Cut while the first sentence was still being played: its text was not pushed by the output transport yet.
    turn = Turn(log, 3, "Tell me a story.", None, "interrupted", "vad+2", "vad+3", ("vad-2", "bot+2"))
    turn.waits(wait("vad-2", "final2", "ctx3", "text4", "bot+2"))
    transcribed("Tell me a story.", 0.5020, turn=turn, a="vad+2", b="final2")
    turn.llm(STORY, "ctx3", "re3", service=AZURE, attrs=gpt(200, 23))
    yield turn.tts(STORY, None, "text4", "tts-2", chars=85, cut=True, service=POLLY)  # 33 + 23 + 29

    # Polly refused the first answer, and the user asked again 1.7 s after the first voice had ended.
    said = "Yes, I am here."
    turn = Turn(log, 4, "Stop, please. Are you there?", said, "completed", "vad+3", "bot-3", ("vad-4", "bot+3"))
    turn.waits(wait("vad-4", "final4", "ctx5", "text8", "bot+3", first="vad-3", repeats=1))
    transcribed("Stop, please.", turn=turn, a="vad+3", b="final3")
    turn.llm("I stop.", "ctx4", "re4", service=AZURE, attrs=gpt(230, 4))
    refused = {"tts.character_count": ABSENT, "tts.audio_seconds": {"in": [0, None]}}
    turn.tts("I stop.", None, "text7", "error0", service=POLLY, status="error", status_contains="InvalidSsmlException",
             attrs=refused)  # fmt: skip
    transcribed("Are you there?", 0.5004, turn=turn, a="vad+4", b="final4")
    turn.llm(said, "ctx5", "re5", service=AZURE, attrs=gpt(240, 6))
    yield turn.tts(said, said, "text8", "tts-3", service=POLLY)

    turn = Turn(log, 5, "Say something bad.", None, "ended", "vad+5", "end0", latency=None)
    turn.doc["attrs"]["conversation.initiator"] = "user"
    transcribed("Say something bad.", turn=turn, a="vad+5", b="final5")
    refusal = {"error.type": "BadRequestError", **GPT}
    yield turn.llm(None, "ctx6", "re6", service=AZURE, status="error", status_contains="content management policy",
                   attrs=refusal)  # fmt: skip


@of
def azure_speech_words(log):
    """Azure Speech tells each word with its time: what was spoken is known word by word."""
    stt, tts = "AzureSTTService#0", "AzureTTSService#0"

    wait = cascade(log, stt, AZURE, tts)

    said = "Welcome to the shop."
    turn = Turn(log, 1, None, said, "completed", "start0", "bot-0", latency=None)
    turn.doc["attrs"]["conversation.initiator"] = "bot"
    yield turn.tts(said, said, "text0", "tts-0", service=tts)

    asked, said = "What time is it in Oslo?", "It is half past twelve. Time for lunch."
    city, clock = {"city": "Oslo"}, {"time": "12:30"}
    turn = Turn(log, 2, asked, said, "completed", "vad+0", "bot-1", ("vad-0", "bot+1"))
    turn.waits(wait("vad-0", "final0", "ctx0", "text1", "bot+1", answer="ctx1", tools=[("tool+0", "tool-0")]))
    turn.stt(asked, "vad+0", "final0", stt, attrs={"stt.language": "en-US"})
    calls = [["get_time", city, "call_time"]]
    turn.llm(None, "ctx0", "re0", service=AZURE, ref="L", calls=calls, attrs=gpt(90, 14))
    turn.tool("get_time", "call_time", city, clock, "tool+0", "tool-0", "L")
    turn.llm(said, "ctx1", "re1", service=AZURE, attrs=gpt(120, 10, cached=64))
    yield turn.tts(said, said, "text1", "tts-1", chars=38, service=tts)  # 23 + 15

    # 2.4 s of the first 57 characters were audible, at 55 ms each.
    heard = "Once upon a time there was a fox. The fox lived"
    turn = Turn(log, 3, "Tell me a story.", heard, "interrupted", "vad+1", "vad+2", ("vad-1", "bot+2"))
    turn.waits(wait("vad-1", "final1", "ctx2", "text3", "bot+2"))
    turn.stt("Tell me a story.", "vad+1", "final1", stt, attrs={"stt.language": "en-US"})
    turn.llm(STORY, "ctx2", "re2", service=AZURE, attrs=gpt(140, 23))
    yield turn.tts(STORY, heard, "text3", "tts-2", chars=85, cut=True, service=tts)  # 33 + 23 + 29

    said = "You are welcome."
    turn = Turn(log, 4, "Thank you.", said, "completed", "vad+2", "bot-3", ("vad-2", "bot+3"))
    turn.waits(wait("vad-2", "final2", "ctx3", "text6", "bot+3"))
    turn.stt("Thank you.", "vad+2", "final2", stt, attrs={"stt.language": "en-US"})
    turn.llm(said, "ctx3", "re3", service=AZURE, attrs=gpt(190, 4))
    yield turn.tts(said, said, "text6", "tts-3", service=tts)


# ---------------------------------------------------------------- Amazon Bedrock and Transcribe, Piper or Polly

NOVA = {"llm.invocation_parameters": {"json_contains": {"temperature": 0.2, "max_tokens": 300}},
        "gen_ai.request.temperature": 0.2, "gen_ai.request.max_tokens": 300}  # fmt: skip


def nova(*tokens: int, cached: int = 0) -> dict:
    return answered("eu.amazon.nova-pro-v1:0", cached, tokens, **NOVA)


class BedrockTurn(Turn):
    """A turn with Transcribe, Bedrock and a TTS service."""

    def asks(self, text, a, b, instruction="You are brief.", **more):
        """The service sends its own instruction, as the context has no system message."""
        messages = self.log.messages[self.log.events["ctx"][int(a[3:])]["id"]]
        sent = [["system", instruction]] + [[x["role"], x.get("content")] for x in messages]
        return self.llm(text, a, b, service=BEDROCK, messages=sent, messages_count=len(sent), **more)


@of
def bedrock_transcribe_piper(log):
    wait = cascade(log, TRANSCRIBE, BEDROCK, PIPER)
    said = "Hi, what can I do?"
    turn = BedrockTurn(log, 1, "Hi.", said, "completed", "start0", "bot-0", ("vad-0", "bot+0"))
    turn.waits(wait("vad-0", "final0", "ctx0", "text0", "bot+0"))
    transcribed("Hi.", 0.3990, turn=turn, a="vad+0", b="final0")
    turn.asks(said, "ctx0", "re0", until="text0", attrs=nova(40, 8))
    yield turn.tts(said, said, "text0", "tts-0", service=PIPER)

    # The user spoke on before the second answer was heard: the bot was silent, so the turn is completed, and its last
    # synthesis, of which nothing was audible, was cut.
    city, asked = {"city": "Oslo"}, "Weather and time in Oslo, please."
    turn = BedrockTurn(log, 2, asked, "Let me look.", "completed", "vad+1", "vad+2", ("vad-1", "bot+1"))
    turn.waits(wait("vad-1", "final1", "ctx1", "text1", "bot+1"))
    transcribed(asked, 0.4992, turn=turn, a="vad+1", b="final1")
    calls = [["get_weather", city, "tooluse_w"], ["get_time", city, "tooluse_t"]]
    turn.asks("Let me look.", "ctx1", "re1", until="tool+0", ref="L", calls=calls, attrs=nova(60, 40))
    turn.tool("get_weather", "tooluse_w", city, {"celsius": 4}, "tool+0", "tool-1", "L")
    turn.tool("get_time", "tooluse_t", city, {"time": "12:30"}, "tool+1", "tool-0", "L")
    turn.tts("Let me look.", "Let me look.", "text1", "tts-1", service=PIPER)
    # 130 tokens were new, 64 read from the cache.
    turn.asks("Four degrees, half past twelve.", "ctx2", "re2", until="text2", attrs=nova(194, 9, cached=64))
    yield turn.tts("Four degrees, half past twelve.", None, "text2", "vad+2", cut=True, ttfb=ABSENT, service=PIPER)

    # The stream broke after four words, which are spoken.
    said = "Take a coat. And"
    turn = BedrockTurn(log, 3, "What should I wear?", said, "completed", "vad+2", "bot-2", ("vad-2", "bot+2"))
    turn.waits(wait("vad-2", "final2", "ctx3", "text3", "bot+2"))
    transcribed("What should I wear?", 0.4017, turn=turn, a="vad+2", b="final2")
    broken = {"error.type": "EventStreamError", **NOVA}
    turn.asks(said, "ctx3", "re3", status="error", status_contains="modelStreamErrorException", attrs=broken)
    yield turn.tts(said, said, "text3", "tts-2", chars=15, service=PIPER)  # 12 + 3

    # The model was silent, and the user spoke again.
    said = "Yes, gloves are wise."
    turn = BedrockTurn(log, 4, "Do I need gloves? Hello?", said, "completed", "vad+3", "bot-3", ("vad-4", "bot+3"))
    turn.waits(wait("vad-4", "final4", "ctx5", "text5", "bot+3", first="vad-3", repeats=1))
    transcribed("Do I need gloves?", turn=turn, a="vad+3", b="final3")
    turn.asks(None, "ctx4", "re4", cut="vad+4", attrs=NOVA)
    transcribed("Hello?", 0.5009, turn=turn, a="vad+4", b="final4")
    turn.asks(said, "ctx5", "re5", until="text5", attrs=nova(150, 7))
    yield turn.tts(said, said, "text5", "tts-3", service=PIPER)


@of
def bedrock_transcribe_storm(log):
    wait = cascade(log, TRANSCRIBE, BEDROCK, POLLY)
    said = "Welcome to the shop."
    turn = BedrockTurn(log, 1, None, said, "completed", "start0", "bot-0", latency=None)
    turn.doc["attrs"]["conversation.initiator"] = "bot"
    yield turn.tts(said, said, "text0", "tts-0", service=POLLY)

    # The user spoke again while a tool ran, which cancelled it.
    city, asked = {"city": "Oslo"}, "How is the weather in Oslo?"
    turn = BedrockTurn(log, 2, asked + " Never mind.", "All right.", "completed", "vad+0", "bot-1", ("vad-1", "bot+1"))
    turn.waits(wait("vad-1", "final1", "ctx1", "text1", "bot+1", first="vad-0", repeats=1))
    transcribed(asked, 0.395, turn=turn, a="vad+0", b="final0")
    calls = [["get_weather", city, "tooluse_w"]]
    turn.asks(None, "ctx0", "re0", until="tool+0", ref="L", calls=calls, attrs=nova(60, 20))
    turn.tool("get_weather", "tooluse_w", city, None, "tool+0", "toolx0", "L", cancelled=True)
    transcribed("Never mind.", 0.402, turn=turn, a="vad+1", b="final1")
    turn.asks("All right.", "ctx1", "re1", until="text1", attrs=nova(90, 4))
    yield turn.tts("All right.", "All right.", "text1", "tts-1", service=POLLY)

    # From here on with another instruction, temperature and voice.
    settings = {"llm.invocation_parameters": {"json_contains": {"temperature": 0.9, "max_tokens": 300}},
                "gen_ai.request.temperature": 0.9}  # fmt: skip
    matthew = {"audio.voice_id": "Matthew"}
    turn = BedrockTurn(log, 3, "Tell me a joke.", "No.", "completed", "vad+2", "bot-2", ("vad-2", "bot+2"))
    turn.waits(wait("vad-2", "final2", "ctx2", "text2", "bot+2"))
    transcribed("Tell me a joke.", 0.401, turn=turn, a="vad+2", b="final2")
    turn.asks("No.", "ctx2", "re2", "You are wordy.", until="text2", attrs=nova(100, 2) | settings)
    yield turn.tts("No.", "No.", "text2", "tts-2", service=POLLY, attrs=matthew)

    # A transcription failed. The user had not been announced as stopped, so that the next voice is no repeat.
    turn = BedrockTurn(log, 4, "Hello again.", None, "cancelled", "vad+3", "cancel0", ("vad-4", "bot+3"))
    turn.waits(wait("vad-4", "final3", "ctx3", "text3", "bot+3"))
    turn.stt(None, "vad+3", "error0", TRANSCRIBE, final=False, status="error", status_contains="internal error")
    transcribed("Hello again.", 0.405, turn=turn, a="vad+4", b="final3")
    turn.asks(STORY, "ctx3", "re3", "You are wordy.", until="text5", attrs=nova(110, 23) | settings)
    yield turn.tts(STORY, None, "text3", "tts-3", chars=85, cut=True, service=POLLY, attrs=matthew)


# ---------------------------------------------------------------- Deepgram Flux, Azure OpenAI, Piper over HTTP


@of
def eager_flux_azure(log):
    """No VAD: the wait counts from user-stopped. An eager answer is held back until then."""

    wait = cascade(log, FLUX, AZURE, PIPER_HTTP, endpointing=None)

    def heard(turn, text, a, b):
        return turn.stt(text, a, b, FLUX, attrs={"stt.language": "en"})

    settled = {"llm.withdrawn": FALSY}
    withdrawn = {"llm.withdrawn": True, "llm.interrupted": FALSY}

    # "Hello there" was predicted, answered, and held.
    turn = Turn(log, 1, "Hello there.", "Hello!", "completed", "start0", "bot-0", ("user-0", "bot+0"))
    turn.waits(wait("user-0", "final0", "ctx0", "text0", "bot+0", answer="user-0"))
    heard(turn, "Hello there.", "user+0", "final0")
    turn.llm("Hello!", "ctx0", "re0", service=AZURE, attrs=gpt(30, 3) | settled)
    yield turn.tts("Hello!", "Hello!", "text0", "tts-0", service=PIPER_HTTP)

    # "Book a table for two." was answered, but the user went on: no text of that answer left the LLM service.
    asked, said = "Book a table for two at eight.", "A table for two at eight is booked."
    turn = Turn(log, 2, asked, said, "completed", "user+1", "bot-1", ("user-1", "bot+1"))
    turn.waits(wait("user-1", "final1", "ctx2", "text1", "bot+1", answer="user-1"))
    heard(turn, asked, "user+1", "final1")
    turn.llm(None, "ctx1", "withdrawn0", service=AZURE, attrs=GPT | withdrawn)
    turn.llm(said, "ctx2", "re1", service=AZURE, attrs=gpt(45, 11) | settled)
    yield turn.tts(said, said, "text1", "tts-1", service=PIPER_HTTP)

    # "My name is Ann" was answered, and its tokens were paid for; the final transcript was another.
    asked, said = "My name is Anne Miller.", "Hello Anne Miller."
    turn = Turn(log, 3, asked, said, "completed", "user+2", "bot-2", ("user-2", "bot+2"))
    turn.waits(wait("user-2", "final2", "ctx4", "text2", "bot+2", answer="user-2"))
    heard(turn, asked, "user+2", "final2")
    turn.llm(None, "ctx3", "withdrawn1", service=AZURE, attrs=gpt(60, 4) | withdrawn)
    turn.llm(said, "ctx4", "re2", service=AZURE, attrs=gpt(62, 5) | settled)
    yield turn.tts(said, said, "text2", "tts-2", service=PIPER_HTTP)

    # An eager answer runs no tool: the LLM service withdrew it, and the call after the transcript asked again.
    asked, said, city = "What time is it in Oslo?", "Half past twelve.", {"city": "Oslo"}
    turn = Turn(log, 4, asked, said, "completed", "user+3", "bot-3", ("user-3", "bot+3"))
    turn.waits(wait("user-3", "final3", "ctx6", "text3", "bot+3", answer="user-3", tools=[("tool+0", "tool-0")]))
    heard(turn, asked, "user+3", "final3")
    turn.llm(None, "ctx5", "withdrawn2", service=AZURE, attrs=gpt(70, 14) | withdrawn)
    calls = [["get_time", city, "call_time"]]
    turn.llm(None, "ctx6", "re3", service=AZURE, ref="L", calls=calls, attrs=gpt(71, 14) | settled)
    turn.tool("get_time", "call_time", city, {"time": "12:30"}, "tool+0", "tool-0", "L")
    turn.llm(said, "ctx7", "re4", service=AZURE, attrs=gpt(90, 5) | settled)
    yield turn.tts(said, said, "text3", "tts-3", service=PIPER_HTTP)
