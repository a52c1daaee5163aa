// The drawing of a case, to look at: where it stands now and which way it has come.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer';
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';

import './drawing.css';
import { lookAt, markElements } from './marks.js';

async function show(place) {
  const viewer = new NavigatedViewer({
    container: place.querySelector('[data-canvas]'),
    zoomScroll: { enabled: false }, // the wheel scrolls the page; zooming has buttons
  });
  const answer = await fetch(place.dataset.drawing, { headers: { Accept: 'application/xml' } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  await viewer.importXML(await answer.text());
  const current = words(place.dataset.current);
  markElements(viewer, words(place.dataset.done), 'mark-done');
  markElements(viewer, current, 'mark-current');
  markElements(viewer, words(place.dataset.faults), 'mark-fault');
  lookAt(viewer, current);
  place.addEventListener('click', (event) => act(viewer, current, event.target.closest('[data-view]')?.dataset.view));
  place.dataset.ready = 'yes';
}

function act(viewer, current, wish) {
  const canvas = viewer.get('canvas');
  if (wish === 'whole') canvas.zoom('fit-viewport', 'auto');
  if (wish === 'current') lookAt(viewer, current);
  if (wish === 'closer') canvas.zoom(Math.min(canvas.zoom() * 1.25, 3));
  if (wish === 'farther') canvas.zoom(Math.max(canvas.zoom() / 1.25, 0.1));
}

const words = (text) => (text ?? '').split(' ').filter(Boolean);

// A drawing is fetched and laid out only when it comes into sight: old office machines need a second for it, and most
// readers decide without it. A folded one is out of sight until it is opened.
const watcher = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    show(target).catch(() => { target.dataset.failed = 'yes'; });
  }
});

for (const place of document.querySelectorAll('[data-drawing]')) watcher.observe(place);
