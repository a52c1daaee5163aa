// The toolbar around the drawing: undo, check, publish; and the list of faults the server found.
import { lookAt, markElements, unmarkElements } from '../drawing/marks.js';
import { send } from './server.js';

const PALETTE_WIDTH = 120;

export class Studio {
  constructor(place, page, modeler) {
    Object.assign(this, { place, page, modeler });
    this.words = page.words;
    this.stack = modeler.get('commandStack');
    this.dialog = document.getElementById('publish');
    this.saved = this.stack._stackIdx;
  }

  begin() {
    const acts = {
      undo: () => this.stack.undo(),
      redo: () => this.stack.redo(),
      // The pad closes at any click outside of it, the one on our button included: let that be over first.
      find: () => setTimeout(() => this.modeler.get('searchPad').open()),
      whole: () => this.showWhole(),
      closer: () => this.modeler.get('zoomScroll').stepZoom(1),
      farther: () => this.modeler.get('zoomScroll').stepZoom(-1),
      check: () => this.check(),
      publish: () => this.askForNote(),
    };
    this.place.addEventListener('click', (event) => acts[event.target.closest('[data-act]')?.dataset.act]?.());
    this.dialog.querySelector('form').addEventListener('submit', (event) => this.publish(event));
    this.modeler.get('eventBus').on('commandStack.changed', () => this.refresh());
    window.addEventListener('beforeunload', (event) => { if (this.changed) event.preventDefault(); });
    this.refresh();
  }

  get changed() {
    return this.stack._stackIdx !== this.saved;
  }

  refresh() {
    this.#button('undo').disabled = !this.stack.canUndo();
    this.#button('redo').disabled = !this.stack.canRedo();
    this.#button('publish').disabled = !this.changed;
    this.place.querySelector('[data-changed]').hidden = !this.changed;
  }

  /** The whole drawing, beside the palette rather than under it. */
  showWhole() {
    const canvas = this.modeler.get('canvas');
    canvas.zoom('fit-viewport', 'auto');
    const seen = canvas.viewbox();
    const palette = PALETTE_WIDTH / seen.scale;
    canvas.viewbox({ x: seen.x - palette, y: seen.y, width: seen.width + palette, height: seen.height });
  }

  async check() {
    this.say(this.words.checking);
    const { faults } = await this.#ask(this.page.check, {});
    if (!faults) return;
    this.list(faults);
    this.say(faults.length ? this.words.faulty.replace('{n}', faults.length) : this.words.sound, faults.length ? 'bad' : 'good');
  }

  askForNote() {
    this.dialog.querySelector('[data-problem]').hidden = true;
    this.dialog.showModal();
  }

  async publish(event) {
    if (event.submitter?.value !== 'publish') return;
    event.preventDefault();
    const note = this.dialog.querySelector('[name="note"]').value.trim();
    const problem = this.dialog.querySelector('[data-problem]');
    problem.hidden = Boolean(note);
    if (!note) {
      this.dialog.querySelector('[name="note"]').focus();
      return;
    }
    this.dialog.close();
    this.say(this.words.publishing);
    const { faults, location } = await this.#ask(this.page.publish, { note });
    if (faults?.length) {
      this.list(faults);
      this.say(this.words.refused.replace('{n}', faults.length), 'bad');
    } else if (location) {
      this.saved = this.stack._stackIdx;
      window.location.assign(location);
    }
  }

  list(faults) {
    unmarkElements(this.modeler, 'mark-fault');
    markElements(this.modeler, faults.map((fault) => fault.element).filter(Boolean), 'mark-fault');
    const rows = faults.map((fault) => this.#row(fault));
    this.place.querySelector('[data-faults]').replaceChildren(...rows);
    this.place.querySelector('[data-fault-panel]').hidden = rows.length === 0;
  }

  say(text, mood = '') {
    const status = this.place.querySelector('[data-status]');
    status.textContent = text;
    status.dataset.mood = mood;
  }

  #row(fault) {
    const row = document.createElement('li');
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'as-link';
    button.textContent = fault.label || fault.element || this.words.drawing;
    button.disabled = !fault.element;
    button.addEventListener('click', () => {
      lookAt(this.modeler, [fault.element]);
      const element = this.modeler.get('elementRegistry').get(fault.element);
      if (element) this.modeler.get('selection').select(element);
    });
    row.append(button, ` ${fault.message} `, Object.assign(document.createElement('code'), { textContent: fault.code }));
    if (fault.way) row.append(Object.assign(document.createElement('div'), { className: 'quiet', textContent: fault.way }));
    return row;
  }

  /** Send the drawing as it stands; a refusal is said in the status line and answered with nothing. */
  async #ask(url, more) {
    const { xml } = await this.modeler.saveXML({ format: true });
    const { answer, problem } = await send(url, this.page.csrf, {
      xml, base: this.page.base, newest: this.page.newest, ...more,
    });
    if (problem !== undefined) this.say(problem || this.words.unreachable, 'bad');
    return answer ?? {};
  }

  #button(name) {
    return this.place.querySelector(`[data-act="${name}"]`);
  }
}
