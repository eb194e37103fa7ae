// The routes that other services have on paths of their own: the Open Inference Protocol, KServe's V1, vLLM and
// text-embeddings-inference.

import type { Express, RequestHandler } from 'express';
import { readJson } from '../../api/body.js';
import type { OpenInferenceIndex, VllmModels } from '../../api/openapi.js';
import { schemaOf, validated } from '../../api/validation.js';
import { indexEntry, modelMetadata, SERVER } from '../../compat/openInferenceMetadata.js';
import { textEmbeddingsInfo } from '../../compat/textEmbeddings.js';
import { vllmModel } from '../../compat/vllm.js';
import type { ServerContext } from '../context.js';
import { errorsAs, onlyMethod } from '../problems.js';
import { expectReady } from './health.js';
import { predictRoute, targetOfPath } from './predict.js';
import { modelOfPath, onlyModel, type PathParams } from './select.js';

/** What requests pass through before the routes. */
export interface Guards {
  /** Lets callers pass who may ask for predictions. */
  readonly predict: RequestHandler;
  /** What `predict` does, and reads a body of JSON. */
  readonly json: RequestHandler[];
  /** What `json` does, whatever the content type is. */
  readonly anyType: RequestHandler[];
}

export function addCompatRoutes(app: Express, context: ServerContext, guards: Guards): void {
  addOpenInferenceRoutes(app, context, guards);
  addVersion1Routes(app, context, guards);
  addTextEmbeddingsRoutes(app, context, guards);
}

function addOpenInferenceRoutes(app: Express, context: ServerContext, { predict, anyType }: Guards): void {
  const { store } = context;
  const errors = errorsAs('openInference');
  const get = (path: string, guard: RequestHandler[], answer: (params: PathParams) => object) =>
    app.route(path).get(errors, guard, answering(answer)).all(onlyMethod('GET'));

  get('/v2', [], () => SERVER);
  get('/v2/health/live', [], () => ({ live: true }));
  get('/v2/health/ready', [], () => {
    expectReady(context);
    return { ready: true };
  });
  get('/v2/models', [predict], () => ({ models: store.loaded().map(({ name }) => name) }));
  app.route('/v2/repository/index').post(errors, anyType, indexRoute(context)).all(onlyMethod('POST'));
  for (const path of ['/v2/models/:name', '/v2/models/:name/versions/:version']) {
    get(path, [predict], params => modelMetadata(modelOfPath(store, params)));
    get(`${path}/ready`, [predict], params => ({ name: modelOfPath(store, params).name, ready: true }));
    const target = targetOfPath(store, { sequence: 'openInferenceLabels', token: 'openInferenceEntities' });
    app.route(`${path}/infer`).post(errors, anyType, predictRoute(context, target)).all(onlyMethod('POST'));
  }
}

/** All models, or with `"ready": true` those that are ready. The body may be empty. */
function indexRoute({ store }: ServerContext): RequestHandler {
  const check = schemaOf('OpenInferenceIndexRequest');
  return ({ body }, response) => {
    const isEmpty = body === undefined || body.length === 0;
    const { ready } = isEmpty ? { ready: false } : validated(check, readJson({ bytes: body }));
    const entries: OpenInferenceIndex = store.all().map(indexEntry);
    response.json(entries.filter(({ state }) => !ready || state === 'READY'));
  };
}

/** What OpenAI, vLLM and KServe have below /v1, and vLLM's /tokenize. */
function addVersion1Routes(app: Express, context: ServerContext, { predict, json, anyType }: Guards): void {
  const { store } = context;
  app
    .route('/v1/models')
    .get(
      errorsAs('vllm'),
      predict,
      answering((): VllmModels => ({ object: 'list', data: store.loaded().map(vllmModel) })),
    )
    .all(onlyMethod('GET'));
  app
    .route('/tokenize')
    .post(
      errorsAs('vllm'),
      json,
      predictRoute(context, () => ({ kind: 'vllmTokenize' })),
    )
    .all(onlyMethod('POST'));
  const target = targetOfPath(store, { sequence: 'kserveLabels', token: 'kserveEntities' });
  // Before the next path, whose parameter would take `:predict` for a part of the name.
  app
    .route('/v1/models/:name\\:predict')
    .post(errorsAs('openInference'), anyType, predictRoute(context, target))
    .all(onlyMethod('POST'));
  app
    .route('/v1/models/:name')
    .get(
      errorsAs('vllm'),
      predict,
      answering(params => vllmModel(modelOfPath(store, params))),
    )
    .all(onlyMethod('GET'));
}

function addTextEmbeddingsRoutes(app: Express, context: ServerContext, { predict, json }: Guards): void {
  const errors = errorsAs('textEmbeddings');
  app
    .route('/predict')
    .post(
      errors,
      json,
      predictRoute(context, () => ({ kind: 'textEmbeddingsPredict', task: 'sequence' })),
    )
    .all(onlyMethod('POST'));
  app
    .route('/info')
    .get(
      errors,
      predict,
      answering(() => textEmbeddingsInfo(onlyModel(context.store, 'sequence'))),
    )
    .all(onlyMethod('GET'));
}

/** A route whose answer is made of its path alone. */
function answering(answer: (params: PathParams) => object): RequestHandler<PathParams> {
  return ({ params }, response) => {
    response.json(answer(params));
  };
}
