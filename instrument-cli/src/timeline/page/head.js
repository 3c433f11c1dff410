// The heading: the conversation, its totals, and the problems of its log.

function drawHead() {
  const { call } = state;
  byId("call-name").textContent = call.id;
  document.title = `${call.id} · timeline`;
  const began = new Date(call.began_unix_ms).toISOString().replace("T", " ").slice(0, 19);
  byId("call-when").textContent = `${began} UTC · ${call.writer}`;
  byId("figures").replaceChildren(...figures(call).map(([name, value, kind]) =>
    element("div", { class: kind }, element("dt", {}, name), element("dd", {}, value))));
  const problems = logProblems(call.log);
  byId("trouble").hidden = problems.length === 0;
  byId("trouble").textContent = problems.join("\n");
}

function figures({ duration, totals }) {
  const { latency } = totals;
  const rows = [["length", time(duration)], ["turns", count(totals.turns)]];
  if (totals.interrupted) rows.push(["interrupted", count(totals.interrupted), "is-interrupted"]);
  if (totals.errors) rows.push(["errors", count(totals.errors), "is-error"]);
  if (latency) rows.push(["user→bot median", time(latency.median)], ["p95", time(latency.p95)], ["longest", time(latency.max)]);
  if (totals.tokens_in + totals.tokens_out) {
    const cached = totals.tokens_cached ? ` (${count(totals.tokens_cached)} cached)` : "";
    rows.push(["tokens in", count(totals.tokens_in) + cached], ["tokens out", count(totals.tokens_out)]);
  }
  if (totals.characters) rows.push(["characters", count(totals.characters)]);
  if (totals.tool_calls) rows.push(["tool calls", count(totals.tool_calls)]);
  return rows;
}

function logProblems(log) {
  const rows = [...log.problems];
  const lines = log.bad_lines;
  if (lines.length > 0) rows.push(`${count(lines.length)} lines could not be read:`, ...lines.slice(0, 20));
  if (lines.length > 20) rows.push("…");
  return rows;
}
