// What the rule of an operator works with: a node of the forward pass, the gradient of its output, and ways to add nodes.

import type { Attribute, GraphBuilder, GraphNode, Value } from '../onnx/graphBuilder.js';

/** Adds the nodes that compute the gradients of a node's inputs. Returns one for each input that needs it. */
export type Rule = (at: BackwardNode) => readonly (Value | undefined)[];

/** Constants that all rules share. */
export class Backward {
  readonly #graph: GraphBuilder;
  readonly #constants = new Set<string>();
  readonly #inverses: ReadonlyMap<Value, Value>;
  readonly #producers: ReadonlyMap<Value, GraphNode>;

  /** `forward`: the nodes of the forward pass. */
  constructor(graph: GraphBuilder, forward: readonly GraphNode[], inverses: ReadonlyMap<Value, Value>) {
    this.#graph = graph;
    this.#inverses = inverses;
    this.#producers = new Map(forward.map(node => [node.outputs[0]!, node]));
  }

  producerOf(value: Value): GraphNode | undefined {
    return this.#producers.get(value);
  }

  inverseOf(indices: Value): Value | undefined {
    return this.#inverses.get(indices);
  }

  /** The backward step of a node. `dependent` holds the values whose gradients are needed. */
  at(node: GraphNode, gradient: Value, dependent: ReadonlySet<Value>): BackwardNode {
    return new BackwardNode(this.#graph, this, node, gradient, dependent);
  }

  /** A float32 scalar. */
  scalar(value: number): Value {
    return this.#once(`gradient.scalar_${value}`, [], () => Float32Array.of(value));
  }

  /** A scalar that is a whole number. */
  integer(value: number): Value {
    return this.#once(`gradient.integer_${value}`, [], () => BigInt64Array.of(BigInt(value)));
  }

  /** A vector of whole numbers: axes, a shape. */
  integers(...values: number[]): Value {
    return this.#once(`gradient.integers_${values.join('_')}`, [values.length], () =>
      BigInt64Array.from(values, BigInt),
    );
  }

  #once(name: string, shape: readonly number[], values: () => Float32Array | BigInt64Array): Value {
    if (this.#constants.has(name)) return name;
    this.#constants.add(name);
    return this.#graph.constant(name, shape, values());
  }
}

export class BackwardNode {
  readonly #graph: GraphBuilder;
  readonly #shared: Backward;
  readonly #node: GraphNode;
  readonly #dependent: ReadonlySet<Value>;
  /** The gradient of the node's first output. */
  readonly gradient: Value;
  #steps = 0;

  constructor(
    graph: GraphBuilder,
    shared: Backward,
    node: GraphNode,
    gradient: Value,
    dependent: ReadonlySet<Value>,
  ) {
    this.gradient = gradient;
    this.#graph = graph;
    this.#shared = shared;
    this.#node = node;
    this.#dependent = dependent;
  }

  get inputs(): readonly Value[] {
    return this.#node.inputs;
  }

  get output(): Value {
    return this.#node.outputs[0]!;
  }

  get attributes(): Readonly<Record<string, Attribute>> {
    return this.#node.attributes;
  }

  /** The attribute that is a whole number, or `otherwise` where the node has none of this name. */
  attribute(name: string, otherwise: number): number {
    const value = this.attributes[name];
    return typeof value === 'number' ? value : otherwise;
  }

  /** The attribute that is a float; undefined where the node has none of this name. */
  float(name: string): number | undefined {
    const value = this.attributes[name];
    return typeof value === 'object' && 'float' in value ? value.float : undefined;
  }

  /** Whether the gradient of an input is needed. */
  wants(input: number): boolean {
    return this.#dependent.has(this.inputs[input] ?? '');
  }

  /** The node whose first output is `value`; undefined for an input of the graph or a constant. */
  producerOf(value: Value): GraphNode | undefined {
    return this.#shared.producerOf(value);
  }

  /** The indices that gather back what `indices` have gathered, where they are known. */
  inverseOf(indices: Value): Value | undefined {
    return this.#shared.inverseOf(indices);
  }

  /** Adds a node and returns its output. */
  add(opType: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    return this.#graph.node(`${this.#node.name}.backward_${this.#steps++}`, opType, inputs, attributes);
  }

  scalar(value: number): Value {
    return this.#shared.scalar(value);
  }

  integer(value: number): Value {
    return this.#shared.integer(value);
  }

  integers(...values: number[]): Value {
    return this.#shared.integers(...values);
  }
}
