"""What each recording must become. See `expect.py`."""

from __future__ import annotations

from expect import ABSENT, Turn

EXPECTED = {}
STORY = "Once upon a time there was a fox. The fox lived in a den. It liked to eat many berries."
FIRST = "Once upon a time there was a fox."


def joined(rows):
    return "".join(row["payload"]["text"] for row in rows)


def of(make):
    EXPECTED["own_" + make.__name__] = make
    return make


def plain(log, number, heard, said, k, a, b, user=None, vad=None, final=None, text=None, end="completed", until=None):
    """A turn in which the user says one thing and the bot answers one thing: the `k`th of everything."""
    vad = k if vad is None else vad
    turn = Turn(log, number, heard, said, end, a, b, latency=(f"vad-{vad}", f"bot+{k}"))
    turn.stt(heard, f"vad+{vad}", f"final{k if final is None else final}")
    turn.llm(said, f"ctx{k}", f"re{k}", until=until)
    return turn.tts(said, said, f"text{k if text is None else text}", f"tts-{k}")


@of
def cancel_llm_streams(log):
    # The text had gone to synthesis, which had not begun on it: what comes after the Cancel starts nothing.
    yield (
        Turn(log, 1, "Tell me a story.", None, "cancelled", "start0", "cancel0", latency=None)
        .stt("Tell me a story.", "vad+0", "final0")
        .llm(FIRST, "ctx0", "cancel0", until="re0", cut="cancel0")
    )


@of
def cancel_tool_runs(log):
    yield (
        Turn(log, 1, "How is the weather?", "One moment.", "cancelled", "start0", "cancel0")
        .stt("How is the weather?", "vad+0", "final0")
        .llm("One moment.", "ctx0", "re0", ref="L", calls=[["get_weather", {"city": "Paris"}, "call_1"]])
        .tool("get_weather", "call_1", {"city": "Paris"}, None, "tool+0", "cancel0", "L", cancelled=None)
        .tts("One moment.", "One moment.", "text0", "tts-0")
    )


@of
def cancel_user_speaks(log):
    yield plain(log, 1, "Hello.", "Hi there.", 0, "start0", "bot-0")
    # The usage comes while the Cancel is on its way, and the utterance was open: it was paid for.
    yield Turn(log, 2, None, None, "cancelled", "vad+1", "cancel0", latency=None).stt(
        None, "vad+1", "cancel0", seconds={"min": 0.599, "max": 0.601}, final=False
    )


@of
def end_tool_runs(log):
    yield (
        Turn(log, 1, "How is the weather?", "One moment.", "ended", "start0", "end0")
        .stt("How is the weather?", "vad+0", "final0")
        .llm("One moment.", "ctx0", "re0", ref="L", calls=[["get_weather", {"city": "Paris"}, "call_1"]])
        .tool("get_weather", "call_1", {"city": "Paris"}, None, "tool+0", "end0", "L", cancelled=None)
        .tts("One moment.", "One moment.", "text0", "tts-0")
    )


@of
def stop_frame(log):
    yield plain(log, 1, "Hello.", "Hi there.", 0, "start0", "bot-0")


@of
def end_user_speaks(log):
    yield plain(log, 1, "Hello.", "Hi there.", 0, "start0", "bot-0")
    turn = Turn(log, 2, None, None, "ended", "vad+1", "end0", latency=None)
    turn.stt(None, "vad+1", "vad+1", ended=False, final=False)
    yield turn


@of
def mute_greeting_blip(log):
    said = "Welcome to the shop, what can I do for you?"
    yield Turn(log, 1, None, said, "completed", "start0", "bot-0", latency=None).tts(said, said, "text0", "tts-0")
    yield (
        Turn(log, 2, "I want shoes.", "Sure.", "completed", "vad+1", "bot-1", latency=("vad-1", "bot+1"))
        .stt("I want shoes.", "vad+1", "final0")
        .llm("Sure.", "ctx0", "re0")
        .tts("Sure.", "Sure.", "text1", "tts-1")
    )


@of
def mute_starts_speaking_late(log):
    # The voice began while the user was muted and went on after the bot had stopped: it is the next user-started's,
    # and the turn before ends, completed, where that one starts.
    yield (
        Turn(log, 1, "Tell me a story.", STORY, "completed", "start0", "vad+1")
        .stt("Tell me a story.", "vad+0", "final0")
        .llm(STORY, "ctx0", "re0")
        .tts(STORY, STORY, "text0", "tts-0", chars=85)
    )
    said = "You are welcome."
    yield (
        Turn(log, 2, "Thank you very much.", said, "completed", "vad+1", "bot-1", latency=("vad-1", "bot+1"))
        .stt("Thank you very much.", "vad+1", "final1")
        .llm(said, "ctx1", "re1")
        .tts(said, said, "text3", "tts-1")
    )


@of
def stt_detects_turns(log):
    stt = "TurnSTTService#0"
    yield (
        Turn(log, 1, "Hello.", "Hi there.", "completed", "start0", "bot-0", latency=("user-0", "bot+0"))
        .stt("Hello.", "user+0", "final0", service=stt)
        .llm("Hi there.", "ctx0", "re0")
        .tts("Hi there.", "Hi there.", "text0", "tts-0")
    )
    heard = "Please tell me a story."
    yield (
        Turn(log, 2, heard, FIRST, "interrupted", "user+1", "user+2", latency=("user-1", "bot+1"))
        .stt(heard, "user+1", "final2", service=stt)
        .llm(STORY, "ctx1", "re1")
        .tts(STORY, FIRST, "text1", "tts-1", chars=85, cut=True)
    )
    yield (
        Turn(log, 3, "Stop it.", "Okay.", "completed", "user+2", "bot-2", latency=("user-2", "bot+2"))
        .stt("Stop it.", "user+2", "final3", service=stt)
        .llm("Okay.", "ctx2", "re2")
        .tts("Okay.", "Okay.", "text4", "tts-2")
    )


@of
def transcripts_only(log):
    yield (
        Turn(log, 1, "Hello.", "Hi there.", "completed", "start0", "bot-0", latency=("user-0", "bot+0"))
        .stt("Hello.", "user+0", "final0")
        .llm("Hi there.", "ctx0", "re0")
        .tts("Hi there.", "Hi there.", "text0", "tts-0")
    )
    yield (
        Turn(log, 2, "Tell me a story.", FIRST, "interrupted", "user+1", "user+2", latency=("user-1", "bot+1"))
        .stt("Tell me a story.", "user+1", "user+1")
        .llm(STORY, "ctx1", "re1")
        .tts(STORY, FIRST, "text1", "tts-1", chars=85, cut=True)
    )
    yield (
        Turn(log, 3, "Stop it.", "Okay.", "completed", "user+2", "bot-2", latency=("user-2", "bot+2"))
        .stt("Stop it.", "user+2", "final2")
        .llm("Okay.", "ctx2", "re2")
        .tts("Okay.", "Okay.", "text4", "tts-2")
    )


@of
def three_utterances(log):
    heard, said = "I want to go to Paris tomorrow morning.", "To Paris, tomorrow."
    yield (
        Turn(log, 1, heard, said, "completed", "start0", "bot-0", latency=("vad-2", "bot+0"))
        .stt("I want to go", "vad+0", "final0")
        .stt("to Paris", "vad+1", "final1")
        .stt("tomorrow morning.", "vad+2", "final2")
        .llm(said, "ctx0", "re0")
        .tts(said, said, "text0", "tts-0")
    )


@of
def speaks_again_twice(log):
    heard, said = "What is I mean which colour is your favourite?", "Here it is: blue."
    yield (
        Turn(log, 1, heard, said, "completed", "start0", "bot-0", latency=("vad-2", "bot+0"))
        .stt("What is", "vad+0", "final0")
        .stt("I mean which colour", "vad+1", "final1")
        .stt("is your favourite?", "vad+2", "final2")
        .llm(None, "ctx0", "re0", cut="user+1")
        .llm(None, "ctx1", "re1", cut="user+2")
        .llm(said, "ctx2", "re2")
        .tts(said, said, "text0", "tts-0")
    )


@of
def tool_survives_user(log):
    # The tool ran past its turn: its result is its own all the same, its time stays within the turn.
    yield (
        Turn(log, 1, "How is the weather?", "One moment.", "completed", "start0", "vad+1")
        .stt("How is the weather?", "vad+0", "final0")
        .llm("One moment.", "ctx0", "re0", ref="L", calls=[["get_weather", {"city": "Paris"}, "call_1"]])
        .tool("get_weather", "call_1", {"city": "Paris"}, {"ok": True}, "tool+0", "vad+1", "L")
        .tts("One moment.", "One moment.", "text0", "tts-0")
    )
    yield (
        Turn(log, 2, "Are you still there?", "I am here. It is warm.", "completed", "vad+1", "bot-2",
             latency=("vad-1", "bot+1"))  # fmt: skip
        .stt("Are you still there?", "vad+1", "final1")
        .llm("I am here.", "ctx1", "re1")
        .tts("I am here.", "I am here.", "text1", "tts-1")
        .llm("It is warm.", "ctx2", "re2")
        .tts("It is warm.", "It is warm.", "text2", "tts-2")
    )


@of
def async_tool_outlives(log):
    # Its result comes more than two seconds after its turn has ended.
    yield (
        Turn(log, 1, "How is the weather?", "I look it up.", "completed", "start0", "vad+1")
        .stt("How is the weather?", "vad+0", "final0")
        .llm("I look it up.", "ctx0", "re0", ref="L", calls=[["get_weather", {}, "call_1"]])
        .tool("get_weather", "call_1", {}, None, "tool+0", "vad+1", "L")
        .tts("I look it up.", "I look it up.", "text0", "tts-0")
    )
    yield plain(log, 2, "No.", "Anything else?", 1, "vad+1", "bot-1")
    yield (
        Turn(log, 3, None, "Fine.", "completed", "ctx2", "bot-2", latency=None)
        .llm("Fine.", "ctx2", "re2")
        .tts("Fine.", "Fine.", "text2", "tts-2")
    )


@of
def two_tools_at_once(log):
    said = "Warm, and noon."
    yield (
        Turn(log, 1, "Weather and time?", said, "completed", "start0", "bot-0")
        .stt("Weather and time?", "vad+0", "final0")
        .llm(None, "ctx0", "re0", ref="L",
             calls=[["get_weather", {"city": "Paris"}, "call_1"], ["get_time", {"zone": "CET"}, "call_2"]])  # fmt: skip
        .tool("get_weather", "call_1", {"city": "Paris"}, "warm", "tool+0", "tool-1", "L")
        .tool("get_time", "call_2", {"zone": "CET"}, {"time": "12:00"}, "tool+1", "tool-0", "L")
        .llm(said, "ctx1", "re1")
        .tts(said, said, "text0", "tts-0")
    )


@of
def parallel_classifier(log):
    a, b = "MockLLMService#0", "MockLLMService#1"
    small = dict(service=b, model="mock-llm-small", tie="models")
    # The classifier answers after the bot has fallen silent: the turn ends with it.
    yield (
        Turn(log, 1, "I am happy.", "Good to hear.", "completed", "start0", max("bot-0", "re1", key=log.at))
        .stt("I am happy.", "vad+0", "final0")
        .llm("Good to hear.", "ctx0", "re0", service=a, tie="models")
        .llm("SENTIMENT: happy.", "ctx1", "re1", **small)
        .tts("Good to hear.", "Good to hear.", "text0", "tts-0")
    )


@of
def llm_switch(log):
    yield plain(log, 1, "Hello.", "Hi there.", 0, "start0", "bot-0")
    yield (
        Turn(log, 2, "Speak Spanish.", "Hola.", "completed", "vad+1", "bot-1", latency=("vad-1", "bot+1"))
        .stt("Speak Spanish.", "vad+1", "final1")
        .llm("Hola.", "ctx1", "re1", service="OtherLLMService#0", model="mock-llm-2")
        .tts("Hola.", "Hola.", "text1", "tts-1")
    )


@of
def tts_error_before_start(log):
    # No sound was made of the first reply: what passed the output transport was never spoken.
    yield (
        Turn(log, 1, "Speak. Speak up.", "This works.", "completed", "start0", "bot-0", latency=("vad-1", "bot+0"))
        .stt("Speak.", "vad+0", "final0")
        .llm("Nobody hears this.", "ctx0", "re0")
        .tts("Nobody hears this.", None, "text0", "error0", cut=None, ttfb=ABSENT, status="error",
             status_contains="voice not found", attrs={"error.type": {"present": True}})  # fmt: skip
        .stt("Speak up.", "vad+1", "final1")
        .llm("This works.", "ctx1", "re1")
        .tts("This works.", "This works.", "text1", "tts-0")
    )


@of
def tts_error_mid_synthesis(log):
    said = "First sentence is fine. Second one fails. Third is fine."
    yield (
        Turn(log, 1, "Speak.", said, "completed", "start0", "bot-0")
        .stt("Speak.", "vad+0", "final0")
        .llm(said, "ctx0", "re0")
        .tts(said, said, "text0", "tts-0", chars=54, status="error", status_contains="voice server went away",
             attrs={"error.type": {"present": True}})  # fmt: skip
    )


@of
def llm_error_fatal(log):
    error = {"error.type": "PermissionError"}
    yield (
        Turn(log, 1, "Go on.", None, "cancelled", "start0", "cancel0", latency=None, status="error")
        .stt("Go on.", "vad+0", "final0")
        .llm("I am", "ctx0", "re0", status="error", status_contains="out of credit", attrs=error)
        .tts("I am", None, "text0", "cancel0", cut=True, ttfb=ABSENT)
    )


@of
def tool_timeout(log):
    said = "It took too long."
    yield (
        Turn(log, 1, "Book seat 12A.", said, "completed", "start0", "bot-0")
        .stt("Book seat 12A.", "vad+0", "final0")
        .llm(None, "ctx0", "re0", ref="L", calls=[["book", {"seat": "12A"}, "call_1"]])
        .tool("book", "call_1", {"seat": "12A"}, None, "tool+0", "toolx0", "L", cancelled=True)
        .llm(said, "ctx1", "re1")
        .tts(said, said, "text0", "tts-0")
    )


@of
def tool_raises_beside_another(log):
    said = "The payment failed."
    failed = "The function `pay` failed and returned no result."
    yield (
        Turn(log, 1, "Book and pay.", said, "completed", "start0", "bot-0")
        .stt("Book and pay.", "vad+0", "final0")
        .llm(None, "ctx0", "re0", ref="L", calls=[["book", {"seat": "12A"}, "call_1"], ["pay", {"eur": 20}, "call_2"]])
        .tool("book", "call_1", {"seat": "12A"}, {"error": ""}, "tool+0", "tool-1", "L")
        .tool("pay", "call_2", {"eur": 20}, failed, "tool+1", "tool-0", "L", status="error",
              status_contains="card declined", attrs={"error.type": "RuntimeError"})  # fmt: skip
        .llm(said, "ctx1", "re1")
        .tts(said, said, "text0", "tts-0")
    )


@of
def usage_after_end(log):
    streamed = joined(log.rows("LLMTextFrame", "ctx0", "re0"))
    yield (
        Turn(log, 1, "Tell me a story.", None, "interrupted", "start0", "vad+1")
        .stt("Tell me a story.", "vad+0", "final0")
        .llm(streamed, "ctx0", "vad+1", until="vad-1", cut="user+1")
        .tts(FIRST, None, "text0", "vad+1", cut=True, chars={"min": 34, "max": 85})
    )
    yield (
        Turn(log, 2, "Stop.", "Okay.", "completed", "vad+1", "bot-1", latency=("vad-1", "bot+1"))
        .stt("Stop.", "vad+1", "final1")
        .llm("Okay.", "ctx1", "re1", until="text1")
        .tts("Okay.", "Okay.", "text1", "tts-0")
    )


@of
def no_metrics(log):
    for k, (heard, said, a) in enumerate([("Hello.", "Hi there.", "start0"), ("Bye.", "Bye.", "vad+1")]):
        turn = plain(log, k + 1, heard, said, k, a, f"bot-{k}")
        for span in turn.spans:
            span["attrs"] |= {"service.ttfb_source": "measured"}
            span["attrs"].pop("tts.character_count", None)
        stt, llm, tts = turn.spans
        voice_end = log.ms(f"vad-{k}", f"final{k}") / 1e3 + 0.2
        stt["attrs"]["service.ttfb_seconds"] = {"min": voice_end - 0.002, "max": voice_end + 0.002}
        llm["attrs"]["service.ttfb_seconds"] = {"min": 0.019, "max": 0.03}
        tts["attrs"]["service.ttfb_seconds"] = {"min": 0.009, "max": 0.02}
        span = log.ms(f"ctx{k}", f"re{k}") / 1e3
        llm["attrs"]["service.processing_time_seconds"] = {"min": span - 0.001, "max": span + 0.001}
        yield turn


@of
def tts_words(log):
    tts = "MockWordTTSService#0"
    spoken = " ".join(log.words("start0", "user+1"))
    yield (
        Turn(log, 1, "Tell me a story.", spoken, "interrupted", "start0", "vad+1")
        .stt("Tell me a story.", "vad+0", "final0")
        .llm(STORY, "ctx0", "re0")
        .tts(STORY, spoken, "text0", "tts-0", chars=85, cut=True, service=tts)
    )
    yield (
        Turn(log, 2, "Stop.", "Okay.", "completed", "vad+1", "bot-1", latency=("vad-1", "bot+1"))
        .stt("Stop.", "vad+1", "final1")
        .llm("Okay.", "ctx1", "re1")
        .tts("Okay.", "Okay.", "text3", "tts-1", service=tts)
    )


@of
def idle_reminder(log):
    yield plain(log, 1, "Hello.", "Hi there.", 0, "start0", "bot-0")
    asked = "Are you still there?"
    yield Turn(log, 2, None, asked, "completed", "speak0", "bot-1", latency=None).tts(asked, asked, "text1", "tts-1")
    yield (
        Turn(log, 3, None, "Good bye.", "completed", "ctx1", "bot-2", latency=None)
        .llm("Good bye.", "ctx1", "re1")
        .tts("Good bye.", "Good bye.", "text2", "tts-2")
    )


@of
def short_timeout(log):
    yield plain(log, 1, "Hello.", "Hi there.", 0, "start0", "bot-0")
    yield (
        Turn(log, 2, None, "Still there? Hello?", "completed", "speak0", "bot-2", latency=None)
        .tts("Still there?", "Still there?", "text1", "tts-1")
        .tts("Hello?", "Hello?", "text2", "tts-2")
    )


@of
def llm_pauses(log):
    said = "First part of it. And here is the second part of it."
    # The bot is silent for three seconds, but its model is at work: the turn goes on. One reply is one context id.
    yield (
        Turn(log, 1, "Tell me.", said, "completed", "start0", "bot-1")
        .stt("Tell me.", "vad+0", "final0")
        .llm(said, "ctx0", "re0")
        .tts(said, said, "text0", "tts-1", chars=51)
    )
    yield (
        Turn(log, 2, "Bye.", "Bye.", "completed", "vad+1", "bot-2", latency=("vad-1", "bot+2"))
        .stt("Bye.", "vad+1", "final1")
        .llm("Bye.", "ctx1", "re1")
        .tts("Bye.", "Bye.", "text2", "tts-2")
    )


@of
def system_instruction(log):
    turn = plain(log, 1, "Hello.", "Bonjour.", 0, "start0", "bot-0")
    llm = turn.spans[1]
    llm["messages"] = [["system", "Speak French."], ["user", "Hello."]]
    del llm["messages_count"]  # one in the context, two with the instruction: not said which is "the real number"
    llm["attrs"] |= {"gen_ai.request.temperature": 0.2, "llm.invocation_parameters": {"json_contains": {"temperature": 0.2}}}
    yield turn


@of
def usage_and_chunks(log):
    texts = [("One.", "Thinking."), ("Two.", "111"), ("Three.", "Hello world!")]
    for k, (heard, said) in enumerate(texts):
        turn = plain(log, k + 1, heard, said, k, f"vad+{k}" if k else "start0", f"bot-{k}")
        if k == 0:  # net: 900 + 50 + (150 + 50 cached) = 1150
            turn.spans[1]["attrs"] |= {
                "llm.token_count.prompt": 1100, "llm.token_count.prompt_details.cache_read": 150,
                "llm.token_count.prompt_details.cache_write": 50, "llm.token_count.completion_details.reasoning": 30,
                "gen_ai.usage.input_tokens": 1100, "gen_ai.usage.output_tokens": 50,
            }  # fmt: skip
        if k == 2:  # Pipecat's synthesis is given the chunks as they are, and says so
            given = "HelloHello worldHello world!"
            turn.doc["output"] = given
            turn.spans[2] |= {"input": given, "output": given}
            turn.spans[2]["attrs"]["tts.character_count"] = 28
        yield turn


@of
def min_words(log):
    spoken = f"{FIRST} The fox lived in a den."
    yield (
        Turn(log, 1, "Tell me a story. Oh really.", spoken, "interrupted", "start0", "vad+2")
        .stt("Tell me a story.", "vad+0", "final0")
        .llm(STORY, "ctx0", "re0")
        .tts(STORY, spoken, "text0", "tts-0", chars=85, cut=True)
        .stt("Oh really.", "vad+1", "final1")
    )
    yield (
        Turn(log, 2, "Please stop it now.", "Okay then.", "completed", "vad+2", "bot-1", latency=("vad-2", "bot+1"))
        .stt("Please stop it now.", "vad+2", "final2")
        .llm("Okay then.", "ctx1", "re1")
        .tts("Okay then.", "Okay then.", "text3", "tts-1")
    )


@of
def no_interruptions(log):
    # What is still spoken of the first reply is not said by the second one's synthesis.
    first = Turn(log, 1, "Tell me a story.", None, "interrupted", "start0", "vad+1")
    del first.doc["output"]  # in part spoken after the turn had ended
    first.stt("Tell me a story.", "vad+0", "final0").llm(STORY, "ctx0", "re0")
    first.tts(STORY, None, "text0", "vad+1", chars=85, cut=None)
    del first.spans[-1]["output"]
    yield first
    said = "You are welcome."
    second = Turn(log, 2, "How nice.", said, "completed", "vad+1", "bot-1", latency=("vad-1", "bot+1"))
    del second.doc["output"]
    second.stt("How nice.", "vad+1", "final1").llm(said, "ctx1", "re1")
    yield second.tts(said, said, "text3", "tts-1")


S2S = dict(service="MockRealtimeLLMService#0", model="mock-realtime-1", context=False)
AUDIO = {"llm.token_count.prompt_details.cache_read": 64, "llm.token_count.prompt_details.audio": 150,
         "llm.token_count.completion_details.audio": 30}  # fmt: skip


@of
def realtime_turns(log):
    said = "Hello, how can I help?"
    # Two response starts announce the greeting; the user's transcripts come after the response has begun.
    yield Turn(log, 1, None, said, "completed", "start0", "bot-0", latency=None).llm(
        said, "rs0", "re0", asked=None, attrs=AUDIO, **S2S
    )
    yield Turn(log, 2, "What time is it?", "It is noon.", "completed", "user+0", "bot-1", latency=("user-0", "bot+1")).llm(
        "It is noon.", "rs2", "re1", asked="What time is it?", attrs=AUDIO, **S2S
    )
    yield Turn(log, 3, "Thank you.", "You are welcome.", "completed", "user+1", "bot-2", latency=("user-1", "bot+2")).llm(
        "You are welcome.", "rs3", "re2", asked="Thank you.", attrs=AUDIO, **S2S
    )


@of
def realtime_interrupted(log):
    spoken = "".join(log.words("start0", "user+1"))
    streamed = joined(log.rows("LLMTextFrame", "rs0", "user+1"))
    yield Turn(log, 1, "Tell me a story.", spoken, "interrupted", "start0", "user+1", latency=("user-0", "bot+0")).llm(
        streamed, "rs0", "user+1", until="re0", cut="user+1", asked="Tell me a story.", **S2S
    )
    yield Turn(log, 2, "Stop it.", "Okay.", "completed", "user+1", "bot-1", latency=("user-1", "bot+1")).llm(
        "Okay.", "rs1", "re1", asked="Stop it.", attrs=AUDIO, **S2S
    )


@of
def live_turns(log):
    live = {**S2S, "service": "MockLiveLLMService#0"}
    firsts = [{"service.ttfb_seconds": v["value"]} for v in log.measured(live["service"], 0, 10**9, "TTFBMetricsData")]
    thought = {"llm.token_count.completion_details.reasoning": 7}
    spoken = "".join(log.words("vad+1", "user+2"))
    streamed = joined(log.rows("LLMTextFrame", "rs1", "rs2"))
    yield Turn(log, 1, "What time is it?", "It is noon.", "completed", "start0", "bot-0").llm(
        "It is noon.", "tts+0", "re0", until="bot-0", asked="What time is it?", attrs=firsts[0] | thought, **live
    )
    yield Turn(log, 2, "And the date?", spoken, "interrupted", "vad+1", "vad+2", latency=("vad-1", "bot+1")).llm(
        streamed, "tts+1", "vad+2", cut="user+2", asked="And the date?", attrs=firsts[1], **live
    )
    yield Turn(log, 3, "Stop.", "Okay.", "completed", "vad+2", "bot-2", latency=("vad-2", "bot+2")).llm(
        "Okay.", "tts+2", "re1", until="bot-2", asked="Stop.", attrs=firsts[2] | thought, **live
    )


@of
def no_text_at_all(log):
    # An answer of no text; a transcript of blanks, which is one all the same; and Pipecat asks the model again.
    turn = Turn(log, 1, "Hello.", "Yes?", "interrupted", "start0", "vad+2", latency=("vad-1", "bot+0"))
    turn.stt("Hello.", "vad+0", "final0").llm(None, "ctx0", "re0").stt(None, "vad+1", "final1", final=True)
    turn.llm("Yes?", "ctx1", "re1")
    yield turn.tts("Yes?", "Yes?", "text0", "tts-0", cut=True)
    yield (
        Turn(log, 2, "Are you there?", "Hm.", "completed", "vad+2", "bot-1", latency=("vad-2", "bot+1"))
        .stt("Are you there?", "vad+2", "final2")
        .llm("Hm.", "ctx2", "re2")
        .tts("Hm.", "Hm.", "text1", "tts-1")
    )


@of
def cancel_llm_bills(log):
    # What it had used is said while the Cancel is on its way: it was paid for.
    streamed = joined(log.rows("LLMTextFrame", "ctx0", "cancel0"))
    yield (
        Turn(log, 1, "Tell me a story.", None, "cancelled", "start0", "cancel0", latency=None)
        .stt("Tell me a story.", "vad+0", "final0")
        .llm(streamed, "ctx0", "cancel0", until="tts+0", cut="cancel0")
    )


@of
def speak_frames_only(log):
    # The second text's characters are billed before the first one's synthesis has stopped.
    first, second = "The train is late.", "We are sorry."
    yield (
        Turn(log, 1, None, f"{first} {second}", "completed", "start0", "bot-1", latency=None)
        .tts(first, first, "text0", "tts-0")
        .tts(second, second, "text1", "tts-1")
    )


@of
def skip_tts(log):
    # What is shown and not spoken is not given to synthesis; the bot has made no sound, so the turn goes on.
    shown, said = "This is only shown. It is not spoken.", "Spoken again."
    turn = Turn(log, 1, "Show me. Say it.", said, "completed", "start0", "bot-0", latency=("vad-1", "bot+0"))
    del turn.doc["output"]  # whether text that is shown counts is not said
    yield (
        turn.stt("Show me.", "vad+0", "final0")
        .llm(shown, "ctx0", "re0")
        .stt("Say it.", "vad+1", "final1")
        .llm(said, "ctx1", "re1")
        .tts(said, said, "text2", "tts-0")
    )


@of
def final_in_no_turn(log):
    # Spoken over the bot, understood when that turn was over: the next turn's.
    said = "Welcome to the shop, what can I do for you?"
    yield Turn(log, 1, None, said, "completed", "start0", "bot-0", latency=None).tts(said, said, "text0", "tts-0")
    turn = Turn(log, 2, "Hello.", "Okay then.", "completed", "user+0", "bot-1", latency=None)
    turn.doc["latency"] = "any"
    turn.stt("Hello.", "user+0", "user+0", ended=False)
    for key in ("stt.audio_seconds", "service.ttfb_seconds"):
        turn.spans[-1]["attrs"].pop(key, None)
    yield turn.llm("Okay then.", "ctx0", "re0").tts("Okay then.", "Okay then.", "text1", "tts-1")


@of
def code_not_spoken(log):
    # The code is passed on, marked as not to be spoken: synthesis was not asked to say it.
    said = "Type this. Then press enter."
    yield Turn(log, 1, None, said, "completed", "start0", "bot-0", latency=None).tts(
        said, said, "text0", "tts-0", chars=27
    )
