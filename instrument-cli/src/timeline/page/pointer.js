// Mouse, pen and finger: over the lanes and the strip above them.

const STILL = 4;

function pointAt() {
  const lanes = byId("lanes");
  const strip = byId("overview");
  drag(lanes, {
    start: () => state.from,
    move: (begun, dx) => {
      const length = state.to - state.from;
      const from = begun - (dx / laneWidth()) * length;
      show(from, from + length);
    },
    click: (event) => {
      const about = event.target.about;
      if (about) return select(about.index, about.span ?? null);
      select(turnAt(msAt(event.clientX - lanes.getBoundingClientRect().left)));
    },
  });
  drag(strip, {
    start: (event) => centre(event.clientX - strip.getBoundingClientRect().left),
    move: (_, __, event) => centre(event.clientX - strip.getBoundingClientRect().left),
    click: (event) => select(turnAt(stripMs(event.clientX - strip.getBoundingClientRect().left))),
  });
  lanes.addEventListener("dblclick", showTurn);
  for (const wheeled of [lanes, strip]) wheeled.addEventListener("wheel", turnWheel, { passive: false });
  lanes.addEventListener("pointermove", (event) => tip(event.buttons ? null : event.target.about, event));
  lanes.addEventListener("pointerleave", () => tip(null));
}

/** The view, as long as it is, around a place of the strip. */
function centre(x) {
  const half = (state.to - state.from) / 2;
  show(stripMs(x) - half, stripMs(x) + half);
}

function drag(surface, { start, move, click }) {
  let held = null;
  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = { x: event.clientX, begun: start(event), moved: false, target: event.target };
  });
  surface.addEventListener("pointermove", (event) => {
    if (!held) return;
    if (!held.moved && Math.abs(event.clientX - held.x) < STILL) return;
    if (!held.moved) surface.setPointerCapture(event.pointerId);
    held.moved = true;
    surface.classList.add("is-dragged");
    move(held.begun, event.clientX - held.x, event);
  });
  const letGo = (event) => {
    if (held && !held.moved && event.type === "pointerup") click(event);
    held = null;
    surface.classList.remove("is-dragged");
  };
  surface.addEventListener("pointerup", letGo);
  surface.addEventListener("pointercancel", letGo);
}

function turnWheel(event) {
  event.preventDefault();
  const unit = event.deltaMode === 1 ? 16 : 1;
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    return pan(((event.deltaX || event.deltaY) * unit) / laneWidth());
  }
  const left = byId("lanes").getBoundingClientRect().left;
  const around = event.currentTarget.id === "lanes" ? msAt(event.clientX - left) : undefined;
  zoom(Math.exp(Math.max(-0.5, Math.min(event.deltaY * unit * 0.002, 0.5))), around);
}
