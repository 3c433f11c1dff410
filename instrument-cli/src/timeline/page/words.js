// What was said, with what was cut, and the bar of where a wait went: in the transcript and in a turn.

function words(line) {
  const what = element("div", { class: "what", dir: "auto" }, line.text ?? "");
  if (line.cut?.of) what.append(element("span", { class: "unsure" }, line.cut.of));
  if (line.cut?.unheard) what.append(line.text ? " " : "", element("del", {}, line.cut.unheard));
  if (line.cut) what.append(" ", element("span", { class: "aside" }, cutNote(line)));
  const made = [element("div", { class: `who of-${line.who}` }, line.who), what];
  return element("div", { class: classes("words", line.cut && "was-cut") }, ...made);
}

function cutNote(line) {
  const { cut, text } = line;
  if (cut.played) return `✂ cut at ${moment(cut.at)}, ${time(cut.played[0])} of ${time(cut.played[1])} heard`;
  return `✂ cut at ${moment(cut.at)}${text ? "" : ", not heard"}`;
}

function faultText(fault) {
  return element("p", { class: "fault-text", dir: "auto" }, `✗ ${fault.kind}: ${fault.message}`);
}

/** Stages side by side, each as wide as it was long. */
function stageBar(latency, size) {
  const bar = element("div", { class: classes("stages", size), role: "img", "aria-label": stageNames(latency) });
  for (const stage of latency.stages) {
    if (stage.time <= 0) continue;
    const part = element("i", { class: `of-${stage.name}`, title: `${stage.name} ${time(stage.time)}` });
    part.style.flexGrow = String(stage.time);
    bar.append(part);
  }
  return bar;
}

function stageNames(latency) {
  const stages = latency.stages.map((stage) => `${stage.name} ${time(stage.time)}`);
  return `Wait of ${time(latency.whole)}: ${stages.join(", ")}`;
}

function legend(latency) {
  const from = latency.source === "vad" ? "from the end of the voice" : "from the end of the user's turn";
  const told = latency.stages.filter((stage) => Math.abs(stage.time) >= 0.05);
  const stages = told.map((stage) => element("span", { class: `of-${stage.name}` }, `${stage.name} ${time(stage.time)}`));
  return element("div", { class: "legend" }, ...stages, element("b", {}, time(latency.whole)), from);
}
