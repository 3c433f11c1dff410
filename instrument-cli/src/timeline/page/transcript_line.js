// Lines of a transcript with their interruptions, and the bar of latency stages: in the transcript and in the turn.

function transcriptLine(line) {
  const what = element("div", { class: "what", dir: "auto" }, line.text ?? "");
  if (line.interruption?.intended) what.append(element("span", { class: "intended" }, line.interruption.intended));
  if (line.interruption?.unheard) what.append(line.text ? " " : "", element("del", {}, line.interruption.unheard));
  if (line.interruption) what.append(" ", element("span", { class: "aside" }, interruptionNote(line)));
  const nodes = [element("div", { class: `who of-${line.who}` }, line.who), what];
  return element("div", { class: classes("words", line.interruption && "was-interrupted") }, ...nodes);
}

function interruptionNote(line) {
  const { interruption, text } = line;
  if (interruption.played) return `✂ cut at ${moment(interruption.at)}, ${time(interruption.played[0])} of ${time(interruption.played[1])} heard`;
  return `✂ cut at ${moment(interruption.at)}${text ? "" : ", not heard"}`;
}

function errorText(error) {
  return element("p", { class: "error-text", dir: "auto" }, `✗ ${error.kind}: ${error.message}`);
}

/** Creates a bar of the stages, each as wide as it was long. */
function stageBar(latency, size) {
  const bar = element("div", { class: classes("stages", size), role: "img", "aria-label": stageNames(latency) });
  for (const stage of latency.stages) {
    if (stage.time <= 0) continue;
    const part = element("i", { class: `of-${stage.name}`, title: stageText(stage) });
    part.style.flexGrow = String(stage.time);
    bar.append(part);
  }
  return bar;
}

/** Returns a stage with its time, and the service or setting that is responsible for it. */
function stageText(stage) {
  const owner = stage.owner ? ` by ${stage.owner}` : "";
  return `${stage.name.replace("_", " ")} ${time(stage.time)}${owner}`;
}

/** Returns the number of times that the user spoke again, and the wait since the first words. */
function repeatsText({ count, wait }) {
  const times = count === 1 ? "once more" : `${count} more times`;
  return `user spoke ${times}${wait === undefined ? "" : `, waited ${time(wait)}`}`;
}

function stageNames(latency) {
  const stages = latency.stages.map(stageText);
  return `Wait of ${time(latency.total)}: ${stages.join(", ")}`;
}

function legend(latency) {
  const from = latency.source === "vad" ? "from the end of the voice" : "from the end of the user's turn";
  const stages = latency.stages.filter((stage) => Math.abs(stage.time) >= 0.05);
  const items = stages.map((stage) => element("span", { class: `of-${stage.name}` }, stageText(stage)));
  return element("div", { class: "legend" }, ...items, element("b", {}, time(latency.total)), from);
}
