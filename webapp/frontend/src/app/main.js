// Every page loads this. Nothing here is needed for a page to work: forms post and links lead without it.
import htmx from 'htmx.org';

import './tokens.css';
import './layout.css';
import './controls.css';
import './forms.css';
import './tables.css';
import './board.css';
import './case.css';
import './reasons.css';
import './minutes.css';
import './moves.css';
import './split.css';

import { askBeforeActing } from './confirm.js';
import { followChoices } from './choices.js';
import { countSelection } from './selection.js';
import { sumSplit } from './split.js';
import { guardAgainstTwice } from './twice.js';

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0; // pages hold minors' data: keep no copies in the browser's storage

askBeforeActing(document);
guardAgainstTwice(document);

function enhance(root) {
  followChoices(root);
  countSelection(root);
  sumSplit(root);
}

enhance(document);
document.addEventListener('htmx:load', (event) => enhance(event.detail.elt));

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}

// A refused form is read from its summary: screen readers and the keyboard begin there.
document.querySelector('[data-error-summary]')?.focus();
