// Marking and finding elements; shared by the viewer and the editor.
const READABLE = 0.85;
const MARGIN = 180;

/** Put a CSS class on every element that exists; a name the drawing does not know is passed over. */
export function markElements(viewer, ids, name) {
  const [canvas, registry] = [viewer.get('canvas'), viewer.get('elementRegistry')];
  for (const id of ids) if (registry.get(id)) canvas.addMarker(id, name);
}

export function unmarkElements(viewer, name) {
  const canvas = viewer.get('canvas');
  viewer.get('elementRegistry').forEach((element) => {
    if (canvas.hasMarker(element, name)) canvas.removeMarker(element, name);
  });
}

/** Bring the first of the elements to the middle at a size one can read; the beginning of the drawing when there is none. */
export function lookAt(viewer, ids) {
  const [canvas, registry] = [viewer.get('canvas'), viewer.get('elementRegistry')];
  const element = ids.map((id) => registry.get(id)).find(Boolean);
  canvas.zoom(READABLE);
  if (!element) return showBeginning(canvas, firstStep(registry));
  const box = element.waypoints ? element.waypoints[Math.floor(element.waypoints.length / 2)] : element;
  const seen = canvas.viewbox();
  canvas.viewbox({
    x: box.x + (box.width ?? 0) / 2 - seen.width / 2,
    y: box.y + (box.height ?? 0) / 2 - seen.height / 2,
    width: seen.width,
    height: seen.height,
  });
}

function showBeginning(canvas, start) {
  if (!start) return;
  const seen = canvas.viewbox();
  canvas.viewbox({ ...seen, x: start.x - MARGIN, y: start.y - MARGIN, width: seen.width, height: seen.height });
}

const firstStep = (registry) => registry
  .filter((element) => element.type === 'bpmn:StartEvent')
  .sort((one, other) => one.x - other.x)[0];
