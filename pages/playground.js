// The playground: asks the models of the service about typed texts.

/** @import { Model } from '../src/api/openapi.ts' */
/** @import { Answer } from './service.js' */
import { cards, duration, element, latency } from './results.js';
import { pathOf, predict, Refused, readModels } from './service.js';
import { SNIPPETS } from './snippets.js';
import { followTheme } from './theme.js';

const EXAMPLES = {
  sequence: 'The central bank raised interest rates again on Thursday.',
  token: 'Angela Merkel met executives of Siemens in Munich.',
};
/** The API key is kept under this name until the tab is closed. */
const KEY = 'lsllama-api-key';
/** How often models that are being loaded are looked at. Milliseconds. */
const LOADING_INTERVAL = 2000;

const form = /** @type {HTMLFormElement} */ (byId('request'));
const keyField = byId('key-field');
const keyInput = /** @type {HTMLInputElement} */ (byId('key'));
const modelSelect = /** @type {HTMLSelectElement} */ (byId('model'));
const textList = byId('texts');
const results = byId('results');

/** @type {readonly Model[]} */
let models = [];
let running = new AbortController();
/** The number of texts that have been added so far. */
let added = 0;

followTheme(/** @type {HTMLSelectElement} */ (byId('theme')));
keyInput.value = sessionStorage.getItem(KEY) ?? '';
keyField.hidden = keyInput.value === '';
addText('');
form.addEventListener('submit', event => {
  event.preventDefault();
  void run();
});
form.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  form.requestSubmit();
});
form.addEventListener('input', showSnippet);
keyInput.addEventListener('change', () => {
  sessionStorage.setItem(KEY, keyInput.value);
  void loadModels();
});
modelSelect.addEventListener('change', () => {
  showModel();
  clearAnswer();
});
byId('add').addEventListener('click', () => addText('').focus());
byId('copy').addEventListener('click', copySnippet);
for (const input of languages()) input.addEventListener('change', showSnippet);
await loadModels();

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

async function loadModels() {
  try {
    models = await readModels(keyInput.value);
  } catch (error) {
    return showProblem(error);
  }
  byId('problem').replaceChildren();
  const before = modelSelect.value;
  modelSelect.replaceChildren(...modelGroups());
  const isThere = models.some(({ name, state }) => name === before && state === 'ready');
  if (isThere) modelSelect.value = before;
  showModel();
  if (models.some(({ state }) => state === 'loading')) setTimeout(loadModels, LOADING_INTERVAL);
}

/** The models that can be chosen, by what they do, and the others with their states. */
function modelGroups() {
  const group = (/** @type {string} */ label, /** @type {HTMLOptionElement[]} */ options) =>
    options.length > 0 ? [element('optgroup', { label }, ...options)] : [];
  const ready = models.filter(({ state }) => state === 'ready');
  const ofTask = (/** @type {Model['task']} */ task) =>
    ready.filter(model => model.task === task).map(({ name }) => element('option', { value: name }, name));
  const others = models
    .filter(({ state }) => state !== 'ready')
    .map(({ name, state }) => element('option', { value: name, disabled: true }, `${name}: ${state}`));
  return [
    ...group('Classifiers', ofTask('sequence')),
    ...group('Entity taggers', ofTask('token')),
    ...group('Not ready', others),
  ];
}

/** The chosen model. Undefined while none is ready. */
function chosenModel() {
  return models.find(({ name, state }) => name === modelSelect.value && state === 'ready');
}

/** Shows the facts about the chosen model, and an example for it where no text has been typed. */
function showModel() {
  const model = chosenModel();
  byId('model-facts').textContent = model
    ? `${model.precision}, reads ${model.max_length} tokens, ${model.labels?.length} labels, version ${model.version}`
    : 'No model is ready yet.';
  const examples = ['', ...Object.values(EXAMPLES)];
  const [first, ...others] = textAreas();
  if (model?.task && first && others.length === 0 && examples.includes(first.value))
    first.value = EXAMPLES[model.task];
  showSnippet();
}

function textAreas() {
  return [...textList.querySelectorAll('textarea')];
}

/**
 * Adds a field for a text.
 * @param {string} text
 */
function addText(text) {
  const id = `text-${++added}`;
  const area = element('textarea', { id, value: text, rows: 3 });
  const remove = element('button', { type: 'button', className: 'remove' }, 'Remove');
  const field = element('div', { className: 'text' }, element('label', { htmlFor: id }), remove, area);
  remove.addEventListener('click', () => {
    const place = textAreas().indexOf(area);
    field.remove();
    numberTexts();
    (textAreas()[place] ?? textAreas().at(-1))?.focus();
  });
  textList.append(field);
  numberTexts();
  return area;
}

/** Names the texts by their numbers. The last one that is left cannot be removed. */
function numberTexts() {
  const fields = [...textList.children];
  for (const [index, field] of fields.entries()) {
    const name = `Text ${index + 1}`;
    const remove = /** @type {HTMLButtonElement} */ (field.querySelector('button'));
    /** @type {HTMLLabelElement} */ (field.querySelector('label')).textContent = name;
    remove.ariaLabel = `Remove ${name}`;
    remove.hidden = fields.length === 1;
  }
  showSnippet();
}

/**
 * The body of the request. A single text is sent as such, and several as a list.
 * @param {Model} model
 */
function bodyFor({ name }) {
  const texts = textAreas().map(({ value }) => value);
  return { model: name, inputs: texts.length === 1 ? /** @type {string} */ (texts[0]) : texts };
}

async function run() {
  const model = chosenModel();
  if (!model) return void loadModels();
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const body = bodyFor(model);
  byId('status').textContent = 'The model reads…';
  results.ariaBusy = 'true';
  try {
    const answer = await predict(pathOf(model), keyInput.value, body, signal);
    clearAnswer();
    showAnswer(model, [body.inputs].flat(), answer);
  } catch (error) {
    if (!signal.aborted) showProblem(error);
  } finally {
    if (!signal.aborted) results.ariaBusy = 'false';
  }
}

function clearAnswer() {
  for (const id of ['problem', 'status', 'latency', 'results']) byId(id).replaceChildren();
  byId('answer').hidden = true;
  for (const area of textAreas()) area.ariaInvalid = null;
}

/**
 * @param {Model} model
 * @param {readonly string[]} texts
 * @param {Answer} answer
 */
function showAnswer(model, texts, answer) {
  const { content, roundTrip } = answer;
  const count = texts.length === 1 ? '1 text' : `${texts.length} texts`;
  byId('status').textContent = `${count}, ${content.usage.tokens} tokens, ${duration(roundTrip)}`;
  byId('latency').replaceChildren(...latency(answer));
  results.replaceChildren(...cards(model, texts, content));
  byId('answer-json').textContent = JSON.stringify(content, null, 2);
  byId('answer').hidden = false;
}

/**
 * Shows in words why the service did not answer, and marks what is the cause.
 * @param {unknown} error
 */
function showProblem(error) {
  clearAnswer();
  const isRefused = error instanceof Refused;
  const isUnauthorized = isRefused && error.status === 401;
  if (isUnauthorized) keyField.hidden = false;
  const area = isRefused && error.text !== undefined ? textAreas()[error.text] : undefined;
  if (area) area.ariaInvalid = 'true';
  const { message } = /** @type {Error} */ (error);
  byId('problem').replaceChildren(
    element('strong', {}, isRefused ? `${error.status} ${error.title}` : 'No answer'),
    element('p', {}, isUnauthorized ? keyAdvice(message) : message),
  );
  if (isUnauthorized) keyInput.focus();
  else area?.focus();
  showSnippet();
}

/** @param {string} message */
function keyAdvice(message) {
  if (keyInput.value === '') return 'This service asks for an API key. Enter yours in the field “API key”.';
  return `${message} Enter another one in the field “API key”.`;
}

function languages() {
  return /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('input[name=language]'));
}

function showSnippet() {
  const model = chosenModel();
  const language = [...languages()].find(({ checked }) => checked)?.value ?? '';
  const needsKey = !keyField.hidden;
  const write = SNIPPETS[language];
  const url = model && new URL(pathOf(model), document.baseURI).href;
  byId('code').hidden = !model;
  byId('snippet').textContent = model && write && url ? write({ url, body: bodyFor(model), needsKey }) : '';
  byId('snippet-hint').hidden = !needsKey;
}

/** Browsers give pages the clipboard over HTTPS and on the machine itself. Elsewhere the code is selected. */
async function copySnippet() {
  const snippet = byId('snippet');
  const copy = byId('copy');
  try {
    await navigator.clipboard.writeText(snippet.textContent ?? '');
    copy.textContent = 'Copied';
  } catch {
    getSelection()?.selectAllChildren(snippet);
    copy.textContent = 'Selected';
  }
  setTimeout(() => {
    copy.textContent = 'Copy';
  }, 2000);
}
