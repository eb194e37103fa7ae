// The Open Inference Protocol's POST /v2/models/{name}/infer, which Triton and KServe speak: tensors in and out.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md

import { type Answer, countPredictions, noPredictions, type Result, stringify } from '../api/answer.js';
import { encodeEach } from '../api/classify.js';
import { encodeAllWords, NER_DEFAULTS, nerResults } from '../api/ner.js';
import type { NerResponse, OpenInferenceRequest } from '../api/openapi.js';
import { unprocessable } from '../api/problem.js';
import type { ComputedRequest, EncodedTexts, RequestKind, RequestModel } from '../api/requestKind.js';
import { schemaOf } from '../api/validation.js';
import { classifications } from '../predictor/classify.js';
import type { EncodedText, EncodedWords } from '../predictor/encode.js';
import type { TextModel } from '../predictor/model.js';
import type { Sliced } from '../slices.js';
import { outputsOf } from './openInferenceMetadata.js';
import { bytesTensor, floatTensor } from './tensors.js';

/** The values of an output for one text. */
type Values = readonly number[] | readonly string[];
/** The values of every output for one text, by the names of the outputs. */
type Row = Readonly<Record<string, Values>>;

const common = {
  check: schemaOf('OpenInferenceRequest'),

  /** `timeout` is in microseconds, as Triton has it. */
  fieldsOf: ({ parameters }: OpenInferenceRequest) => ({
    timeoutMs: parameters?.timeout && Math.ceil(parameters.timeout / 1000),
  }),

  textsOf({ inputs }: OpenInferenceRequest) {
    const { shape, data } = inputs[0]!;
    const texts = data.flat();
    // Two texts in a row would be a pair, which a classifier reads as one.
    const [count, width = 1] = shape;
    if (count !== texts.length || width !== 1)
      throw unprocessable('/inputs/0/shape', `expected a shape of ${texts.length} texts, found [${shape}]`);
    return { texts, pathOf: (index: number) => `/inputs/0/data/${index}` };
  },
};

export const openInferenceLabels: RequestKind<OpenInferenceRequest, EncodedText> = {
  ...common,
  *encode(model, texts, body) {
    checkOutputs(model, body);
    yield* encodeEach(model, texts);
  },
  answer: request => tensorAnswer(request, labelRows(request)),
};

export const openInferenceEntities: RequestKind<OpenInferenceRequest, EncodedWords> = {
  ...common,
  *encode(model, texts, body) {
    checkOutputs(model, body);
    yield* encodeAllWords(model, texts);
  },
  answer: request => tensorAnswer(request, entityRows(request)),
};

interface RowOfText {
  readonly row: Row;
  readonly predictions: Result['predictions'];
}

function* labelRows({
  model,
  encoded,
  rows,
}: ComputedRequest<OpenInferenceRequest, EncodedText>): Generator<RowOfText> {
  for (const { label, score, probabilities, logits } of classifications(
    model.manifest,
    encoded,
    rows,
    'truncate',
  )) {
    const row = { label: [label], score: [score], logits: [...logits] };
    yield {
      row: probabilities ? { ...row, probabilities: Object.values(probabilities) } : row,
      predictions: [{ label, score: probabilities && score }],
    };
  }
}

/** The entities of a text are one element, in JSON. */
function* entityRows(request: ComputedRequest<OpenInferenceRequest, EncodedWords>): Generator<RowOfText> {
  for (const { json, predictions } of nerResults({ ...request, body: NER_DEFAULTS })) {
    const { entities } = json as NerResponse['results'][number];
    yield { row: { entities: [stringify(entities)] }, predictions };
  }
}

/** An output that the caller asks for, as its answer describes it. */
interface Output {
  readonly name: string;
  readonly datatype: 'BYTES' | 'FP32';
  /** Sizes after the number of texts. */
  readonly shape: readonly number[];
  readonly isBinary: boolean;
  /** How many of its greatest values are told, as texts `value:index:label`; undefined for the values themselves. */
  readonly classification: number | undefined;
}

/** Throws Problem 422 for an output that the model does not have, or that has no values to be classified. */
function checkOutputs({ manifest }: TextModel, { outputs = [] }: OpenInferenceRequest): void {
  const known = outputsOf(manifest);
  for (const [index, { name, parameters }] of outputs.entries()) {
    const output = known.find(candidate => candidate.name === name);
    if (!output) {
      const names = known.map(candidate => candidate.name).join(', ');
      throw unprocessable(`/outputs/${index}/name`, `expected one of ${names}, found ${name.slice(0, 40)}`);
    }
    if (parameters?.classification && output.shape[1] !== manifest.labels.length)
      throw unprocessable(`/outputs/${index}/parameters`, `${name} has no values by label to classify`);
  }
}

function outputsOfRequest(
  { manifest }: RequestModel,
  { outputs, parameters }: OpenInferenceRequest,
): readonly Output[] {
  const known = outputsOf(manifest);
  const asked = outputs ?? known.map(({ name }) => ({ name, parameters: undefined }));
  return asked.map(({ name, parameters: own }) => {
    const { datatype, shape } = known.find(output => output.name === name)!;
    const count = own?.classification && Math.min(own.classification, shape[1]!);
    return {
      name,
      datatype: count ? 'BYTES' : datatype,
      shape: count ? [count] : shape.slice(1),
      isBinary: own?.binary_data ?? parameters?.binary_data_output ?? false,
      classification: count,
    };
  });
}

/** The answer of all texts, a tensor for each output. Pauses after each text. */
function* tensorAnswer(
  { model, texts, body }: ComputedRequest<OpenInferenceRequest, EncodedTexts>,
  rows: Iterable<RowOfText>,
): Sliced<Answer> {
  const outputs = outputsOfRequest(model, body);
  /** For each output, its parts in JSON or in bytes, one for each text. */
  const parts = outputs.map((): Buffer[] => []);
  const counts = noPredictions();
  for (const { row, predictions } of rows) {
    for (const [index, output] of outputs.entries())
      parts[index]!.push(encoded(output, row[output.name]!, model));
    countPredictions(counts, predictions);
    yield;
  }
  const json: Buffer[] = [];
  const binary: Buffer[] = [];
  const head = { model_name: model.name, model_version: model.manifest.version, id: body.id };
  json.push(Buffer.from(`${JSON.stringify(head).slice(0, -1)},"outputs":[`));
  for (const [index, { name, datatype, shape, isBinary }] of outputs.entries()) {
    const own = parts[index]!;
    const tensor = JSON.stringify({ name, datatype, shape: [texts.length, ...shape] }).slice(0, -1);
    json.push(Buffer.from(`${index > 0 ? ',' : ''}${tensor},`));
    if (isBinary) {
      const size = own.reduce((sum, { length }) => sum + length, 0);
      json.push(Buffer.from(`"parameters":{"binary_data_size":${size}}}`));
      binary.push(...own);
    } else {
      json.push(Buffer.from('"data":['), ...joined(own), Buffer.from(']}'));
    }
    yield;
  }
  json.push(Buffer.from(']}'));
  return {
    content: new Uint8Array(Buffer.concat([...json, ...binary])),
    headers: headersOf(json, binary),
    ...counts,
  };
}

function headersOf(json: readonly Buffer[], binary: readonly Buffer[]): Record<string, string> {
  if (binary.length === 0) return { 'content-type': 'application/json; charset=utf-8' };
  const jsonLength = json.reduce((sum, { length }) => sum + length, 0);
  return {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(jsonLength),
  };
}

function encoded({ isBinary, classification }: Output, values: Values, { manifest }: RequestModel): Buffer {
  const told = classification
    ? greatest(values as readonly number[], classification, manifest.labels)
    : values;
  if (!isBinary) return Buffer.from(JSON.stringify(told).slice(1, -1));
  return typeof told[0] === 'string'
    ? bytesTensor(told as readonly string[])
    : floatTensor(told as readonly number[]);
}

/** The classification extension of Triton: `value:index:label`, the greatest first. */
function greatest(values: readonly number[], count: number, labels: readonly string[]): string[] {
  return values
    .map((value, index) => ({ value, index }))
    .sort((a, b) => b.value - a.value)
    .slice(0, count)
    .map(({ value, index }) => `${value.toFixed(6)}:${index}:${labels[index]}`);
}

const COMMA = Buffer.from(',');

function joined(parts: readonly Buffer[]): Buffer[] {
  return parts.flatMap((part, index) => (index > 0 ? [COMMA, part] : [part]));
}
