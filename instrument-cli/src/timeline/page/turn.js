// The selected turn: what was said, where the wait went, and each span with all that is known of it.

function drawTurn() {
  const turn = state.call.turns[state.turn];
  const title = byId("turn-title");
  if (!turn) {
    title.textContent = "No turns: nothing was said in this conversation, and no service ran";
    return byId("turn").replaceChildren();
  }
  title.replaceChildren(
    `Turn ${turn.number} · ${time(turn.end - turn.start)} · `,
    element("span", { class: turn.ended === "completed" ? null : "is-cut" }, turn.ended),
    turn.latency ? ` · user→bot ${time(turn.latency.whole)}` : "");
  byId("turn").replaceChildren(
    ...(turn.latency ? [stageBar(turn.latency, "is-large"), legend(turn.latency)] : []),
    ...turn.lines.map(words),
    ...turn.errors.map(faultText),
    spanTable(turn));
}

/** Says what is selected to those who do not see it. */
function announce() {
  const turn = state.call.turns[state.turn];
  const said = turn?.lines.map((line) => `${line.who}: ${line.text ?? line.cut?.of ?? "not heard"}`).join(". ");
  byId("announced").textContent = turn ? `Turn ${turn.number}, ${turn.ended}. ${said}` : "";
}

function spanTable(turn) {
  const heads = ["", "who", "start", "took", "first", "what"];
  const head = element("tr", {}, ...heads.map((name, index) => element("th", { class: index > 1 && index < 5 ? "number" : null }, name)));
  const rows = turn.spans.map((span) => {
    const first = span.first === undefined ? "" : time(span.first - span.start);
    const row = element("tr", { class: span === state.span ? "is-chosen" : null },
      element("td", { class: `lane of-${span.lane}` }, span.lane),
      element("td", {}, classes(span.who, span.model)),
      element("td", { class: "number" }, `+${time(span.start - turn.start)}`),
      element("td", { class: "number" }, time(span.end - span.start)),
      element("td", { class: "number" }, first),
      element("td", { class: "what" }, ...spanWords(span)));
    return row;
  });
  return element("table", { class: "spans" }, element("thead", {}, head), element("tbody", {}, ...rows));
}

function spanWords(span) {
  const made = [];
  const text = (kind, words) => made.push(element("p", { class: kind, dir: "auto" }, words));
  if (span.input !== undefined && span.input !== span.output) text(null, `→ ${span.input}`);
  if (span.output !== undefined) text(null, `← ${span.output}`);
  if (span.cut !== undefined) text("is-cut", span.lane === "tool" ? "called off" : "cut short");
  for (const fault of span.errors ?? []) text("is-error", `✗ ${fault.kind}: ${fault.message}`);
  if (span.facts.length > 0) text("facts", span.facts.map(([what, how]) => `${what} ${how}`).join(" · "));
  return made;
}
