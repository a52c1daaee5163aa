// Field components of the properties panel. They stand at the top level of this module, so that their identity never
// changes: a component made anew for each rendering is mounted anew at each command, and typed text is lost.
import { SelectEntry, TextAreaEntry, TextFieldEntry } from '@bpmn-io/properties-panel';
import { useService } from 'bpmn-js-properties-panel';

function useWords({ label, description }) {
  const translate = useService('translate');
  return { translate, label: translate(label), description: description && translate(description) };
}

function Line(props) {
  const { element, id, read, write, complain, disabled } = props;
  const { translate, label, description } = useWords(props);
  return TextFieldEntry({
    element, id, label, description, disabled,
    debounce: useService('debounceInput'),
    getValue: () => read(element),
    setValue: (value) => write(element, (value ?? '').trim()),
    validate: complain && ((value) => translate(complain(value) ?? '') || null),
  });
}

function Lines(props) {
  const { element, id, read, write, monospace } = props;
  const { label, description } = useWords(props);
  return TextAreaEntry({
    element, id, label, description, monospace,
    rows: 2,
    autoResize: true,
    debounce: useService('debounceInput'),
    getValue: () => read(element),
    setValue: (value) => write(element, (value ?? '').trim()),
  });
}

function Choice(props) {
  const { element, id, read, write, options } = props;
  const { translate, label, description } = useWords(props);
  return SelectEntry({
    element, id, label, description,
    getOptions: () => options.map((one) => ({ value: one.value, label: one.text ?? translate(one.label) })),
    getValue: () => read(element),
    setValue: (value) => write(element, value),
  });
}

// An option's `label` is translated, its `text` is shown as it is.
// The panel calls `component` with the entry itself as props, so everything a field needs travels in the entry.
export const line = (id, label, read, write, more = {}) => ({ id, label, read, write, component: Line, ...more });
export const lines = (id, label, read, write, more = {}) => ({ id, label, read, write, component: Lines, ...more });
export const choice = (id, label, options, read, write, more = {}) => (
  { id, label, options, read, write, component: Choice, ...more }
);
