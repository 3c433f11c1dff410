// The heading: whose call it is, its figures, what is wrong with its log.

function drawHead() {
  const { call } = state;
  byId("call-name").textContent = call.id;
  document.title = `${call.id} · timeline`;
  const began = new Date(call.began_unix_ms).toISOString().replace("T", " ").slice(0, 19);
  byId("call-when").textContent = `${began} UTC · ${call.writer}`;
  byId("figures").replaceChildren(...figures(call).map(([name, value, kind]) =>
    element("div", { class: kind }, element("dt", {}, name), element("dd", {}, value))));
  const troubles = trouble(call.log);
  byId("trouble").hidden = troubles.length === 0;
  byId("trouble").textContent = troubles.join("\n");
}

function figures({ duration, totals }) {
  const { latency } = totals;
  const made = [["length", time(duration)], ["turns", count(totals.turns)]];
  if (totals.interrupted) made.push(["interrupted", count(totals.interrupted), "is-cut"]);
  if (totals.errors) made.push(["errors", count(totals.errors), "is-error"]);
  if (latency) made.push(["user→bot median", time(latency.median)], ["p95", time(latency.p95)], ["longest", time(latency.max)]);
  if (totals.tokens_in + totals.tokens_out) {
    const cached = totals.tokens_cached ? ` (${count(totals.tokens_cached)} cached)` : "";
    made.push(["tokens in", count(totals.tokens_in) + cached], ["tokens out", count(totals.tokens_out)]);
  }
  if (totals.characters) made.push(["characters", count(totals.characters)]);
  if (totals.tool_calls) made.push(["tool calls", count(totals.tool_calls)]);
  return made;
}

function trouble(log) {
  const made = [...log.sentences];
  const lines = log.bad_lines;
  if (lines.length > 0) made.push(`${count(lines.length)} lines could not be read:`, ...lines.slice(0, 20));
  if (lines.length > 20) made.push("…");
  return made;
}
