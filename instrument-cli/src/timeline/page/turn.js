// The selected turn: its transcript, its latency by stage, and its spans in detail.

function drawTurn() {
  const turn = state.call.turns[state.turn];
  const title = byId("turn-title");
  if (!turn) {
    title.textContent = "No turns: this conversation has no speech and no service ran";
    return byId("turn").replaceChildren();
  }
  title.replaceChildren(
    `Turn ${turn.number} · ${time(turn.end - turn.start)} · `,
    element("span", { class: turn.ended === "completed" ? null : "is-interrupted" }, turn.ended),
    turn.initiator === "bot" ? " · bot began" : "",
    turn.repeats ? element("span", { class: "is-interrupted" }, ` · ${repeatsText(turn.repeats)}`) : "",
    turn.latency ? ` · user→bot ${time(turn.latency.total)}` : "");
  byId("turn").replaceChildren(
    ...(turn.latency ? [stageBar(turn.latency, "is-large"), legend(turn.latency)] : []),
    ...turn.lines.map(transcriptLine),
    ...turn.errors.map(errorText),
    spanTable(turn));
}

/** Announces the selected turn to screen readers. */
function announce() {
  const turn = state.call.turns[state.turn];
  const lines = turn?.lines.map((line) => `${line.who}: ${line.text ?? line.interruption?.intended ?? "not heard"}`).join(". ");
  byId("announcement").textContent = turn ? `Turn ${turn.number}, ${turn.ended}. ${lines}` : "";
}

function spanTable(turn) {
  const heads = ["", "who", "start", "took", "first", "what"];
  const head = element("tr", {}, ...heads.map((name, index) => element("th", { class: index > 1 && index < 5 ? "number" : null }, name)));
  const rows = turn.spans.map((span) => {
    const first = span.first === undefined ? "" : time(span.first - span.start);
    const row = element("tr", { class: span === state.span ? "is-selected" : null },
      element("td", { class: `lane of-${span.lane}` }, span.lane),
      element("td", {}, classes(span.name, span.model)),
      element("td", { class: "number" }, `+${time(span.start - turn.start)}`),
      element("td", { class: "number" }, time(span.end - span.start)),
      element("td", { class: "number" }, first),
      element("td", { class: "what" }, ...spanDetails(span)));
    return row;
  });
  return element("table", { class: "spans" }, element("thead", {}, head), element("tbody", {}, ...rows));
}

function spanDetails(span) {
  const nodes = [];
  const text = (kind, words) => nodes.push(element("p", { class: kind, dir: "auto" }, words));
  if (span.input !== undefined && span.input !== span.output) text(null, `→ ${span.input}`);
  if (span.output !== undefined) text(null, `← ${span.output}`);
  if (span.interrupted_at !== undefined) text("is-interrupted", span.lane === "tool" ? "cancelled" : "interrupted");
  for (const error of span.errors ?? []) text("is-error", `✗ ${error.kind}: ${error.message}`);
  if (span.details.length > 0) text("details", span.details.map(([name, value]) => `${name} ${value}`).join(" · "));
  return nodes;
}
