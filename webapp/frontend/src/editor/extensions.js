// Reading and writing what stands in an element's <bpmn:extensionElements>. Every write is one undoable command.
import { getBusinessObject, is } from 'bpmn-js/lib/util/ModelUtil';

export class Extensions {
  constructor(bpmnFactory, modeling) {
    this.factory = bpmnFactory;
    this.modeling = modeling;
  }

  /** The first extension of a type, such as `spiffworkflow:ServiceTaskOperator`; undefined when there is none. */
  find(element, type) {
    return (getBusinessObject(element).extensionElements?.get('values') ?? []).find((value) => is(value, type));
  }

  /** The value of a named property; an empty text when it is not set. */
  property(element, name) {
    return this.#property(element, name)?.get('value') ?? '';
  }

  setProperty(element, name, value) {
    const all = this.find(element, 'spiffworkflow:Properties');
    const existing = this.#property(element, name);
    if (existing && value) this.modeling.updateModdleProperties(element, existing, { value });
    else if (existing) {
      const left = all.get('properties').filter((property) => property !== existing);
      if (left.length) this.modeling.updateModdleProperties(element, all, { properties: left });
      else this.remove(element, all);
    } else if (value && all) {
      const added = this.#create('spiffworkflow:Property', { name, value }, all);
      this.modeling.updateModdleProperties(element, all, { properties: [...all.get('properties'), added] });
    } else if (value) {
      const made = this.#create('spiffworkflow:Properties', {});
      made.properties = [this.#create('spiffworkflow:Property', { name, value }, made)];
      this.add(element, made);
    }
  }

  /** The operation a service step calls: its name, its result's name and its parameters. */
  setOperation(element, name) {
    const operator = this.find(element, 'spiffworkflow:ServiceTaskOperator');
    if (operator) this.modeling.updateModdleProperties(element, operator, { id: name, parameterList: undefined });
    else this.add(element, this.#create('spiffworkflow:ServiceTaskOperator', { id: name }));
  }

  parameter(element, name) {
    const operator = this.find(element, 'spiffworkflow:ServiceTaskOperator');
    const found = operator?.get('parameterList')?.get('parameters').find((parameter) => parameter.get('id') === name);
    return found?.get('value') ?? '';
  }

  setParameter(element, name, value) {
    const operator = this.find(element, 'spiffworkflow:ServiceTaskOperator');
    const list = this.#create('spiffworkflow:Parameters', {}, operator);
    const others = (operator.get('parameterList')?.get('parameters') ?? []).filter((other) => other.get('id') !== name);
    const kept = value ? [...others, this.#create('spiffworkflow:Parameter', { id: name, type: 'any', value }, list)] : others;
    list.parameters = kept;
    this.modeling.updateModdleProperties(element, operator, { parameterList: kept.length ? list : undefined });
  }

  decision(element) {
    return this.find(element, 'spiffworkflow:CalledDecisionId')?.get('value') ?? '';
  }

  setDecision(element, value) {
    const existing = this.find(element, 'spiffworkflow:CalledDecisionId');
    if (existing) this.modeling.updateModdleProperties(element, existing, { value });
    else this.add(element, this.#create('spiffworkflow:CalledDecisionId', { value }));
  }

  add(element, extension) {
    const owner = getBusinessObject(element);
    const elements = owner.extensionElements;
    if (elements) {
      extension.$parent = elements;
      this.modeling.updateModdleProperties(element, elements, { values: [...elements.get('values'), extension] });
      return;
    }
    const made = this.#create('bpmn:ExtensionElements', { values: [extension] }, owner);
    extension.$parent = made;
    this.modeling.updateModdleProperties(element, owner, { extensionElements: made });
  }

  remove(element, extension) {
    const elements = getBusinessObject(element).extensionElements;
    const values = elements.get('values').filter((value) => value !== extension);
    this.modeling.updateModdleProperties(element, elements, { values });
  }

  #property(element, name) {
    const all = this.find(element, 'spiffworkflow:Properties')?.get('properties') ?? [];
    return all.find((property) => property.get('name') === name);
  }

  #create(type, attributes, parent) {
    const made = this.factory.create(type, attributes);
    if (parent) made.$parent = parent;
    return made;
  }
}

Extensions.$inject = ['bpmnFactory', 'modeling'];
