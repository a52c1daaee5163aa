// The editor in Chinese: bpmn-js-i18n's dictionary (its file is called `zn`), and ours for what it lacks.
import zn from 'bpmn-js-i18n/translations/zn';

import ours from './chinese.json';

/** A `translate` service for the language; words nobody has translated are collected in `missing`. */
export function translator(language) {
  const dictionary = language.startsWith('zh') ? { ...zn, ...ours } : null;
  const missing = new Set();
  const translate = (template, replacements = {}) => {
    if (dictionary && !(template in dictionary) && /[a-z]{2}/.test(template)) missing.add(template);
    const found = dictionary?.[template] ?? template;
    return found.replace(/{([^}]+)}/g, (whole, key) => replacements[key] ?? whole);
  };
  return { translate, missing };
}
