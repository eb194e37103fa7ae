// The activation functions of gated MLPs.

import type { Activation } from '../checkpoint/config.js';
import type { Graph, Value } from './graph.js';

export function activate(graph: Graph, activation: Activation, x: Value): Value {
  switch (activation) {
    case 'silu':
      return graph.node(`${x}.silu`, 'Mul', [x, graph.node(`${x}.sigmoid`, 'Sigmoid', [x])]);
    case 'gelu':
      return graph.node(`${x}.gelu`, 'Gelu', [x]);
    case 'gelu_tanh':
      return graph.node(`${x}.gelu`, 'Gelu', [x], { approximate: 'tanh' });
    case 'relu':
      return graph.node(`${x}.relu`, 'Relu', [x]);
  }
}
