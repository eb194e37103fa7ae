// The parts of the page that show an answer.

/** @import { ClassifyResponse, Model, NerResponse } from '../src/api/openapi.ts' */
/** @import { Answer } from './service.js' */

/** Of a model with more labels, the most probable ones are shown and the others folded away. */
const SHOWN_LABELS = 8;
/** Degrees on the colour circle between two types of entities. */
const HUE_STEP = 47;

/**
 * One card for each text.
 * @param {Model} model
 * @param {readonly string[]} texts
 * @param {Answer['content']} content
 */
export function cards(model, texts, content) {
  return content.results.map((result, index) => {
    const text = texts[index] ?? '';
    const isTagged = 'entities' in result;
    const shown = isTagged ? taggedText(model, text, result.entities) : classification(result);
    const facts = [`${result.tokens} ${result.tokens === 1 ? 'token' : 'tokens'}`];
    if (!isTagged && result.truncated)
      facts.push(`cut to the ${model.max_length} tokens that the model reads`);
    const title = element('h3', {}, `Text ${index + 1}`);
    if (texts.length > 1 && !isTagged) title.append(element('span', { className: 'excerpt' }, text));
    return element('article', {}, title, ...shown, element('p', { className: 'facts' }, facts.join(', ')));
  });
}

/** @param {ClassifyResponse['results'][number]} result */
function classification({ label, score, probabilities, labels }) {
  if (!probabilities)
    return [element('p', { className: 'value' }, `${label}: `, element('strong', {}, String(score)))];
  const chosen = new Set(labels ? labels.map(each => each.label) : [label]);
  const bars = Object.entries(probabilities)
    .sort(([, a], [, b]) => b - a)
    .map(([name, probability]) => bar(name, probability, chosen.has(name)));
  /** @type {HTMLElement[]} */
  const parts = [element('ul', { className: 'bars' }, ...bars.slice(0, SHOWN_LABELS))];
  const more = bars.slice(SHOWN_LABELS);
  if (more.length > 0) {
    const summary = element('summary', {}, `${more.length} more labels`);
    parts.push(element('details', {}, summary, element('ul', { className: 'bars' }, ...more)));
  }
  return parts;
}

/**
 * @param {string} label
 * @param {number} probability
 * @param {boolean} isChosen whether the model gives this label
 */
function bar(label, probability, isChosen) {
  const fill = element('span', { className: 'fill' });
  fill.style.width = `${probability * 100}%`;
  return element(
    'li',
    { className: isChosen ? 'chosen' : '' },
    element('span', { className: 'label' }, label),
    element('span', { className: 'track', ariaHidden: 'true' }, fill),
    element('span', { className: 'percent' }, percent(probability)),
  );
}

/**
 * The text with its entities marked. Positions count Unicode code points.
 * @param {Model} model
 * @param {string} text
 * @param {NerResponse['results'][number]['entities']} entities
 */
function taggedText(model, text, entities) {
  if (entities.length === 0)
    return [element('p', { className: 'tagged' }, text), element('p', {}, 'No entities.')];
  const types = [...new Set((model.labels ?? []).map(typeOf))];
  const points = Array.from(text);
  const between = (/** @type {number} */ start, /** @type {number} */ end) =>
    points.slice(start, end).join('');
  const paragraph = element('p', { className: 'tagged' });
  let at = 0;
  for (const { label, score, start = 0, end = 0 } of entities) {
    const tag = element('span', { className: 'tag' }, `${label} ${percent(score)}`);
    const mark = element('mark', {}, between(start, end), '\u00a0', tag);
    mark.style.setProperty('--hue', `${types.indexOf(label) * HUE_STEP}`);
    paragraph.append(between(at, start), mark);
    at = end;
  }
  paragraph.append(between(at, points.length));
  return [paragraph];
}

/** The type in a tag such as B-PER or PER_I. @param {string} tag */
function typeOf(tag) {
  return tag.replace(/^[A-Z][-_]|[-_][A-Z]$/i, '');
}

/**
 * Where the time of a request went.
 * @param {Answer} answer
 */
export function latency({ durations, roundTrip }) {
  const { encode = 0, queue, inference, total = 0 } = durations;
  const inService = encode + (queue ?? 0) + (inference ?? 0);
  const phases = /** @type {const} */ ([
    ['encode', 'Encode', encode],
    ['queue', 'Queue', queue],
    ['inference', 'Forward pass', inference],
    ['answer', 'Answer', Math.max(0, total - inService)],
    ['network', 'Network', Math.max(0, roundTrip - total)],
  ]);
  const track = element('div', { className: 'phases', ariaHidden: 'true' });
  const list = element('dl', { className: 'legend' });
  for (const [phase, name, milliseconds] of phases) {
    if (milliseconds === undefined) continue;
    const part = element('span', { className: phase });
    part.style.flexGrow = `${milliseconds}`;
    track.append(part);
    list.append(
      element(
        'div',
        {},
        element('dt', { className: phase }, name),
        element('dd', {}, duration(milliseconds)),
      ),
    );
  }
  const isCached = inference === undefined;
  const note = element(
    'p',
    { className: 'hint' },
    'The results were kept from an earlier request: no forward pass.',
  );
  return [track, list, ...(isCached ? [note] : [])];
}

/** @param {number} milliseconds */
export function duration(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

/** @param {number} probability */
function percent(probability) {
  return `${(probability * 100).toFixed(1)}%`;
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Partial<HTMLElementTagNameMap[Name]>} properties
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
