// A process that runs a graph of linear layers again and again, on a given number of threads.

import { type LinearLayer, openLinearGraph, type Rows } from './linearGraph.ts';

/** The first request is the graph, answered once it is loaded. Each later one is answered with rows per second. */
export type LinearRequest =
  | { readonly layers: readonly LinearLayer[]; readonly rows: Rows; readonly threads: number }
  | { readonly seconds: number };

let graph: Awaited<ReturnType<typeof openLinearGraph>>;
let rows = 0;

process.on('disconnect', () => process.exit(0));
process.on('message', async (request: LinearRequest) => process.send!(await answer(request)));

async function answer(request: LinearRequest): Promise<number> {
  if ('layers' in request) {
    graph = await openLinearGraph(request.layers, request.rows, request.threads);
    rows = request.rows.tokens;
    await graph.run();
    return 0;
  }
  const started = performance.now();
  let passes = 0;
  for (; performance.now() - started < request.seconds * 1000; passes++) await graph.run();
  return (passes * rows * 1000) / (performance.now() - started);
}
