// Which properties of an element can be edited here: what the engine reads, and nothing it would pass over.
import { getBusinessObject, is, isAny } from 'bpmn-js/lib/util/ModelUtil';

import { choice, line, lines } from './fields.js';
import { isTimer, kindOf, textOf } from './timers.js';

const STAGES = ['申请入团', '入团积极分子的确定', '教育、培养和考察', '发展对象的确定', '新团员的接收'];
const TIMER_KINDS = [
  { value: 'timeDuration', label: 'Time span' },
  { value: 'timeDate', label: 'Day' },
  { value: 'timeCycle', label: 'Repeatedly' },
];

export class Provider {
  constructor(propertiesPanel, modeling, bpmnFactory, extensions, timers, vocabulary) {
    Object.assign(this, { modeling, factory: bpmnFactory, extensions, timers, vocabulary });
    propertiesPanel.registerProvider(this);
  }

  getGroups(element) {
    return (groups) => [...groups, ...this.#groups(element).filter((group) => group.entries.length)];
  }

  #groups(element) {
    const { translate } = this.vocabulary;
    const group = (id, label, entries) => ({ id, label: translate(label), entries, translate, shouldOpen: true });
    return [
      group('general', 'General', this.#general(element)),
      group('step', 'Step', is(element, 'bpmn:UserTask') ? this.#step() : []),
      group('timer', 'Deadline or wait', isTimer(element) ? this.#timer() : []),
      group('condition', 'Condition', isConditional(element) ? this.#condition() : []),
      group('operation', 'Operation', is(element, 'bpmn:ServiceTask') ? this.#operation(element) : []),
      group('decision', 'Decision table', is(element, 'bpmn:BusinessRuleTask') ? this.#decision() : []),
      group('message', 'Message', isMessageStart(element) ? this.#message() : []),
      group('result', 'Result', is(element, 'bpmn:EndEvent') ? [this.#property('result', 'Result of the case')] : []),
    ];
  }

  #general(element) {
    const [read, write] = attribute(this.modeling, 'name');
    return [
      lines('name', 'Name', read, write),
      line('id', 'Identifier', (one) => getBusinessObject(one).get('id'), () => {}, { disabled: true }),
      lines('documentation', 'Documentation', documentationOf, (one, text) => this.#document(one, text)),
    ];
  }

  #step() {
    return [
      this.#property('number', 'Step number', { complain: (text) => (/^\d*$/.test(text ?? '') ? null : 'Digits only') }),
      choice('stage', 'Stage', [{ value: '', text: '—' }, ...STAGES.map((stage) => ({ value: stage, text: stage }))],
        ...this.#propertyAccess('stage')),
      this.#property('form', 'Form', { description: 'Left empty: the form named like the step' }),
      this.#property('apart_from', 'Not by the same person as', { description: 'Identifiers of steps, with spaces' }),
    ];
  }

  #timer() {
    return [
      choice('timer-kind', 'Kind', TIMER_KINDS, kindOf, (one, kind) => this.timers.set(one, kind, textOf(one))),
      line('timer-text', 'How long, or until when', textOf, (one, text) => this.timers.set(one, kindOf(one), text), {
        description: 'P1M = one month, P30D = 30 days; or an expression such as rules.talk_deadline',
        complain: (text) => (text ? null : 'A timer needs a time'),
      }),
      this.#property('since', 'Counted from', { description: 'Expression of a day; left empty: from when the step begins' }),
      this.#property('calendar', 'Counted by', { description: 'working_days or school_days; left empty: every day counts' }),
      this.#property('grace', 'Grace', { description: 'Time beyond the deadline before it is reported, such as P21D' }),
      this.#property('after', 'First after', { description: 'Only when repeated: the deadline after which it comes first' }),
    ];
  }

  #condition() {
    const read = (one) => getBusinessObject(one).get('conditionExpression')?.get('body') ?? '';
    const write = (one, body) => this.modeling.updateProperties(one, {
      conditionExpression: body ? this.factory.create('bpmn:FormalExpression', { body }) : undefined,
    });
    return [lines('condition', 'Taken when', read, write, {
      monospace: true, description: 'For example: pre_review.outcome == "pass"; left empty on the default way',
    })];
  }

  #operation(element) {
    const operator = (one) => this.extensions.find(one, 'spiffworkflow:ServiceTaskOperator');
    const name = operator(element)?.get('id') ?? '';
    const known = this.vocabulary.operations;
    const options = [{ value: '', text: '—' }, ...known.map((one) => ({ value: one.name, text: `${one.title} (${one.name})` }))];
    if (name && !known.some((one) => one.name === name)) options.push({ value: name, text: name });
    const entries = [choice('operation', 'Operation', options, (one) => operator(one)?.get('id') ?? '',
      (one, value) => this.extensions.setOperation(one, value))];
    if (!name) return entries;
    const parameters = known.find((one) => one.name === name)?.parameters ?? [];
    return [
      ...entries,
      ...parameters.map((parameter) => line(`parameter-${parameter}`, parameter,
        (one) => this.extensions.parameter(one, parameter),
        (one, value) => this.extensions.setParameter(one, parameter, value), { description: 'Expression' })),
      line('result-variable', 'Kept under the name', (one) => operator(one)?.get('resultVariable') ?? '',
        (one, value) => this.modeling.updateModdleProperties(one, operator(one), { resultVariable: value || undefined })),
    ];
  }

  #decision() {
    const options = this.vocabulary.decisions.map((name) => ({ value: name, text: name }));
    return [choice('decision', 'Decision table', [{ value: '', text: '—' }, ...options],
      (one) => this.extensions.decision(one), (one, value) => this.extensions.setDecision(one, value))];
  }

  #message() {
    return [
      this.#property('label', 'Shown as'),
      this.#property('form', 'Form'),
      this.#property('lane', 'Done by'),
      this.#property('available_when', 'Available when', { description: 'Expression' }),
    ];
  }

  #property(name, label, more = {}) {
    return line(`property-${name}`, label, ...this.#propertyAccess(name), more);
  }

  #propertyAccess(name) {
    return [(one) => this.extensions.property(one, name), (one, value) => this.extensions.setProperty(one, name, value)];
  }

  #document(element, text) {
    const documentation = text ? [this.factory.create('bpmn:Documentation', { text })] : [];
    this.modeling.updateProperties(element, { documentation });
  }
}

Provider.$inject = ['propertiesPanel', 'modeling', 'bpmnFactory', 'extensions', 'timers', 'vocabulary'];

const attribute = (modeling, name) => [
  (element) => getBusinessObject(element).get(name) ?? '',
  (element, value) => modeling.updateProperties(element, { [name]: value || undefined }),
];

const documentationOf = (element) => getBusinessObject(element).get('documentation')?.[0]?.get('text') ?? '';

const isConditional = (element) => is(element, 'bpmn:SequenceFlow')
  && isAny(getBusinessObject(element).sourceRef, ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway']);

const isMessageStart = (element) => is(element, 'bpmn:StartEvent')
  && getBusinessObject(element).get('eventDefinitions')?.some((one) => is(one, 'bpmn:MessageEventDefinition'));
