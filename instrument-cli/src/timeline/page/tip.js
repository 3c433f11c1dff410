// What the pointer is over.

function tip(about, event) {
  const box = byId("tip");
  box.hidden = !about;
  if (!about) return;
  box.replaceChildren(...tipLines(about).map(([text, kind]) => element("p", { class: kind, dir: "auto" }, text)));
  const { offsetWidth: width, offsetHeight: height } = box;
  box.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 6))}px`;
  const below = event.clientY + 18;
  box.style.top = `${below + height > innerHeight ? Math.max(4, event.clientY - height - 12) : below}px`;
}

/** Lines of text, with the class of each. */
function tipLines({ span, speech, stage, latency, line, fault }) {
  if (span) {
    const lines = [
      [classes(`${span.lane} · ${span.who}`, span.model)],
      [`${clock(span.start, 3)} – ${clock(span.end, 3)} · ${time(span.end - span.start)}`],
    ];
    if (span.first !== undefined) lines.push([`first after ${time(span.first - span.start)}`]);
    if (span.cut !== undefined) lines.push([span.lane === "tool" ? "called off" : "cut short", "is-cut"]);
    if (span.input) lines.push([`in: ${brief(span.input)}`]);
    if (span.output) lines.push([`out: ${brief(span.output)}`]);
    for (const fault of span.errors ?? []) lines.push([brief(`${fault.kind}: ${fault.message}`), "is-error"]);
    return lines;
  }
  if (speech) {
    const text = `${clock(speech.start, 3)} – ${clock(speech.end, 3)} · ${time(speech.end - speech.start)}`;
    return [[`${speech.who} speaks`], [text]];
  }
  if (stage) return [[`waiting: ${stage.name} ${time(stage.time)}`], [`of ${time(latency.whole)} until the bot was heard`]];
  if (line) {
    const lines = [["the bot was cut", "is-cut"], [`at ${clock(line.cut.at, 3)}`]];
    if (line.text) lines.push([`heard: ${brief(line.text)}`]);
    if (line.cut.played) lines.push([`${time(line.cut.played[0])} of ${time(line.cut.played[1])} heard`]);
    if (line.cut.unheard) lines.push([`not heard: ${brief(line.cut.unheard)}`, "is-cut"]);
    return lines;
  }
  return [[fault.kind, "is-error"], [brief(fault.message)], [`at ${clock(fault.at, 3)}`]];
}

function brief(text) {
  const characters = Array.from(text);
  return characters.length > 240 ? characters.slice(0, 239).join("") + "…" : text;
}
