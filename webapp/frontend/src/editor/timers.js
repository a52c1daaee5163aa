// The deadline or wait of a timer event: a duration, a day or a repetition, and the text that says which.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';

export const KINDS = ['timeDuration', 'timeDate', 'timeCycle'];

/** The timer definition of an event; undefined for anything that is not a timer event. */
export function timerOf(element) {
  return getBusinessObject(element).get('eventDefinitions')?.find((one) => is(one, 'bpmn:TimerEventDefinition'));
}

export const isTimer = (element) => is(element, 'bpmn:Event') && Boolean(timerOf(element));

export function kindOf(element) {
  return KINDS.find((kind) => timerOf(element)?.get(kind)) ?? KINDS[0];
}

export function textOf(element) {
  return timerOf(element)?.get(kindOf(element))?.get('body') ?? '';
}

export class Timers {
  constructor(bpmnFactory, modeling) {
    this.factory = bpmnFactory;
    this.modeling = modeling;
  }

  set(element, kind, text) {
    const timer = timerOf(element);
    const expression = this.factory.create('bpmn:FormalExpression', { body: text });
    expression.$parent = timer;
    const others = Object.fromEntries(KINDS.map((name) => [name, undefined]));
    this.modeling.updateModdleProperties(element, timer, { ...others, [kind]: expression });
  }
}

Timers.$inject = ['bpmnFactory', 'modeling'];
