// The process editor: a drawing is opened, changed, checked by the server and published as a new version.
import { BpmnPropertiesPanelModule } from 'bpmn-js-properties-panel';
import Modeler from 'bpmn-js/lib/Modeler';

import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import '@bpmn-io/properties-panel/dist/assets/properties-panel.css';

import '../drawing/drawing.css';
import './editor.css';
import { lookAt } from '../drawing/marks.js';
import descriptor from './descriptor.json';
import { Extensions } from './extensions.js';
import { Provider } from './provider.js';
import { Studio } from './studio.js';
import { Timers } from './timers.js';
import { translator } from './translate.js';

const place = document.getElementById('editor');
const page = JSON.parse(document.getElementById('editor-data').textContent);

async function open() {
  const { translate, missing } = translator(page.language);
  const modeler = new Modeler({
    container: place.querySelector('[data-canvas]'),
    propertiesPanel: { parent: place.querySelector('[data-properties]') },
    moddleExtensions: { spiffworkflow: descriptor },
    additionalModules: [
      BpmnPropertiesPanelModule,
      {
        __init__: ['provider'],
        translate: ['value', translate],
        vocabulary: ['value', { translate, operations: page.operations, decisions: page.decisions }],
        extensions: ['type', Extensions],
        timers: ['type', Timers],
        provider: ['type', Provider],
      },
    ],
  });
  const answer = await fetch(page.drawing, { headers: { Accept: 'application/xml' } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  await modeler.importXML(await answer.text());
  lookAt(modeler, []);
  new Studio(place, page, modeler).begin();
  place.dataset.ready = 'yes';
  place.untranslated = missing; // read by the end-to-end test
}

open().catch(() => { place.dataset.failed = 'yes'; });
