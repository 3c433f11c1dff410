// The tooltip: details of the item under the pointer.

function showTip(about, event) {
  const box = byId("tip");
  box.hidden = !about;
  if (!about) return;
  box.replaceChildren(...tipLines(about).map(([text, kind]) => element("p", { class: kind, dir: "auto" }, text)));
  const { offsetWidth: width, offsetHeight: height } = box;
  box.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 6))}px`;
  const below = event.clientY + 18;
  box.style.top = `${below + height > innerHeight ? Math.max(4, event.clientY - height - 12) : below}px`;
}

/** Returns lines of text, each with its class. */
function tipLines({ span, speech, stage, latency, line, error }) {
  if (span) {
    const lines = [
      [classes(`${span.lane} · ${span.name}`, span.model)],
      [`${clock(span.start, 3)} – ${clock(span.end, 3)} · ${time(span.end - span.start)}`],
    ];
    if (span.first !== undefined) lines.push([`first after ${time(span.first - span.start)}`]);
    if (span.interrupted_at !== undefined) lines.push([span.lane === "tool" ? "cancelled" : "interrupted", "is-interrupted"]);
    if (span.input) lines.push([`in: ${brief(span.input)}`]);
    if (span.output) lines.push([`out: ${brief(span.output)}`]);
    for (const error of span.errors ?? []) lines.push([brief(`${error.kind}: ${error.message}`), "is-error"]);
    return lines;
  }
  if (speech) {
    const text = `${clock(speech.start, 3)} – ${clock(speech.end, 3)} · ${time(speech.end - speech.start)}`;
    return [[`${speech.who} speaks`], [text]];
  }
  if (stage) return [[`waiting: ${stageText(stage)}`], [`of ${time(latency.total)} until the bot was heard`]];
  if (line) {
    const lines = [["the bot was interrupted", "is-interrupted"], [`at ${clock(line.interruption.at, 3)}`]];
    if (line.text) lines.push([`heard: ${brief(line.text)}`]);
    if (line.interruption.played) lines.push([`${time(line.interruption.played[0])} of ${time(line.interruption.played[1])} heard`]);
    if (line.interruption.unheard) lines.push([`not heard: ${brief(line.interruption.unheard)}`, "is-interrupted"]);
    return lines;
  }
  return [[error.kind, "is-error"], [brief(error.message)], [`at ${clock(error.at, 3)}`]];
}

function brief(text) {
  const characters = Array.from(text);
  return characters.length > 240 ? characters.slice(0, 239).join("") + "…" : text;
}
