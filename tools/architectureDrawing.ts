// Draws rooms as boxes on floors. One line leads down to each room, and the rooms that import it join that line.

/** A folder of src/. */
export interface Room {
  readonly name: string;
  readonly files: number;
  /** The names of the other rooms that its files import. */
  readonly imports: ReadonlySet<string>;
  /** Its depth below the top floor: the longest chain of imports that leads to it from a room that nobody imports. */
  readonly floor: number;
}

/** Where a room stands in the picture. */
interface Place {
  readonly purpose: string;
  /** The journey that leads through the room, which gives it its colour. */
  readonly journey: 'request' | 'export' | 'both';
  /** The middle of the box. */
  readonly x: number;
  /** Where the line to the room passes the floors above it: between the boxes that stand there. */
  readonly lane: number;
  readonly width?: number;
}

const PLACES: Readonly<Record<string, Place>> = {
  commands: {
    purpose: 'one file for each command of lsllama',
    journey: 'both',
    x: 363,
    lane: 363,
    width: 686,
  },
  client: { purpose: 'the service, for other programs', journey: 'request', x: 855, lane: 855 },
  server: { purpose: 'HTTP: routes, checks, metrics', journey: 'request', x: 165, lane: 165 },
  loadtest: { purpose: 'a load on a running service', journey: 'both', x: 745, lane: 745 },
  compat: { purpose: 'the forms of other services', journey: 'request', x: 165, lane: 165 },
  api: { purpose: 'requests, answers and errors', journey: 'request', x: 165, lane: 315 },
  predictor: { purpose: 'one text in, one answer out', journey: 'request', x: 165, lane: 302 },
  scheduler: { purpose: 'what runs next, and where', journey: 'request', x: 165, lane: 34 },
  model: { purpose: 'from a recipe to a model folder', journey: 'export', x: 440, lane: 329 },
  train: { purpose: 'labelled texts to an adapter', journey: 'export', x: 453, lane: 453, width: 232 },
  gradient: { purpose: 'the gradients of a graph', journey: 'export', x: 745, lane: 745 },
  calibrate: { purpose: 'what each layer needs at 8 bits', journey: 'export', x: 440, lane: 440 },
  verify: { purpose: 'an export beside a plain pass', journey: 'export', x: 745, lane: 660 },
  engine: { purpose: 'a batch in, logits out', journey: 'request', x: 165, lane: 302 },
  graph: { purpose: 'the ONNX graph, block by block', journey: 'export', x: 440, lane: 579 },
  text: { purpose: 'tokens, words, tags, spans', journey: 'both', x: 855, lane: 900 },
  checkpoint: { purpose: 'base, adapters and their merge', journey: 'export', x: 440, lane: 593 },
  kernels: { purpose: 'the arithmetic of an export', journey: 'export', x: 440, lane: 607 },
  onnx: { purpose: 'ONNX Runtime and its format', journey: 'both', x: 302, lane: 302 },
  machine: { purpose: 'cores, memory, instructions', journey: 'both', x: 302, lane: 18 },
};

const WIDTH = 1000;
const MARGIN = 20;
const BOX_WIDTH = 250;
const BOX_HEIGHT = 54;
/** From a box's side to the first line that leaves or enters it. */
const INSET = 16;
/** Between two lines that leave a box. */
const PORT_GAP = 13;
/** Between two lines that run sideways on different tracks. */
const TRACK_GAP = 9;
/** Above the first and below the last track between two floors. */
const TRACK_MARGIN = 16;
const CORNER = 6;

interface Box extends Room, Place {
  readonly left: number;
  readonly right: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The part of an import's line below the floor of the importer, where it may run sideways from `start` to `end`. */
interface Turn {
  readonly from: Box;
  readonly to: Box;
  readonly start: number;
  readonly end: number;
}

/** The SVG. Throws an Error where a room has no place in the picture. */
export function drawRooms(rooms: readonly Room[]): string {
  const boxes = rooms.map(boxOf).sort((a, b) => a.floor - b.floor || a.x - b.x);
  const turns = boxes.flatMap(from => turnsBelow(from, boxes));
  const floors = boxes.at(-1)!.floor + 1;
  // The tracks under each floor, from top to bottom, by the room that they lead to.
  const tracks = Array.from({ length: floors }, (_, floor) => tracksBelow(floor, turns));
  const tops: number[] = [];
  let bottom = MARGIN;
  for (const names of tracks) {
    tops.push(bottom);
    bottom += BOX_HEIGHT + 2 * TRACK_MARGIN + TRACK_GAP * Math.max(0, names.length - 1);
  }
  const trackY = (floor: number, { name }: Box) =>
    tops[floor]! + BOX_HEIGHT + TRACK_MARGIN + TRACK_GAP * Math.max(0, tracks[floor]!.indexOf(name));

  const lines = turns.map(({ from, to, start, end }) => {
    const points: Point[] = [{ x: start, y: tops[from.floor]! + BOX_HEIGHT }];
    const go = (x: number, floor: number) =>
      points.push({ x: points.at(-1)!.x, y: trackY(floor, to) }, { x, y: trackY(floor, to) });
    go(end, from.floor);
    if (from.floor < to.floor - 1) go(entryOf(to), to.floor - 1);
    points.push({ x: entryOf(to), y: tops[to.floor]! - 1 });
    return `<path class="line ${to.journey}" d="${roundedPath(points)}"/>`;
  });
  const arrows = boxes
    .filter(({ floor }) => floor > 0)
    .map(box => {
      const { x, y } = { x: entryOf(box), y: tops[box.floor]! };
      return `<path class="arrow ${box.journey}" d="M${x - 5} ${y - 9}h10l-5 9z"/>`;
    });
  const height = tops.at(-1)! + BOX_HEIGHT + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif">`,
    '<title>The rooms of src/ and what they import</title>',
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="10"/>`,
    ...lines,
    ...arrows,
    ...boxes.map(box => boxText(box, tops[box.floor]!)),
    ...legend(height),
    '</svg>',
    '',
  ].join('\n');
}

function boxOf(room: Room): Box {
  const place = PLACES[room.name];
  if (!place) throw new Error(`src/${room.name}: expected a place in the picture (PLACES), found none`);
  const half = (place.width ?? BOX_WIDTH) / 2;
  return { ...room, ...place, left: place.x - half, right: place.x + half };
}

/** Where the line to a room enters it from above. */
function entryOf({ lane, left, right }: Box): number {
  return Math.min(Math.max(lane, left + INSET), right - INSET);
}

/** The lines of all imports of a room, in the order in which they leave it. */
function turnsBelow(from: Box, boxes: readonly Box[]): Turn[] {
  const turns = boxes
    .filter(({ name }) => from.imports.has(name))
    .map(to => ({ from, to, end: to.floor === from.floor + 1 ? entryOf(to) : to.lane }))
    .sort((a, b) => a.end - b.end);
  const starts: number[] = [];
  for (const [i, { end }] of turns.entries()) {
    const first = from.left + INSET + PORT_GAP * i;
    const last = from.right - INSET - PORT_GAP * (turns.length - 1 - i);
    const next = (starts.at(-1) ?? Number.NEGATIVE_INFINITY) + PORT_GAP;
    starts.push(Math.min(Math.max(end, first, next), last));
  }
  return turns.map((turn, i) => ({ ...turn, start: starts[i]! }));
}

/**
 * The rooms whose lines run sideways below a floor, each on a track of its own. Those that run far are above those that
 * run less far, so that lines which leave a box side by side do not cross.
 */
function tracksBelow(floor: number, turns: readonly Turn[]): string[] {
  const reach = new Map<string, number>();
  const add = (to: Box, distance: number) => {
    if (distance > 0) reach.set(to.name, Math.max(distance, reach.get(to.name) ?? 0));
  };
  for (const { from, to, start, end } of turns) {
    if (from.floor === floor) add(to, Math.abs(end - start));
    if (from.floor < floor && to.floor === floor + 1) add(to, Math.abs(to.lane - entryOf(to)));
  }
  return [...reach].sort(([, a], [, b]) => b - a).map(([name]) => name);
}

/** A path through points that lie straight above or beside each other, with rounded corners. */
function roundedPath(points: readonly Point[]): string {
  const corners = points.filter(({ x, y }, i) => i === 0 || x !== points[i - 1]!.x || y !== points[i - 1]!.y);
  let path = `M${corners[0]!.x} ${corners[0]!.y}`;
  for (let i = 1; i < corners.length - 1; i++) {
    const [before, corner, after] = [corners[i - 1]!, corners[i]!, corners[i + 1]!];
    const enter = towards(corner, before);
    const leave = towards(corner, after);
    path += `L${enter.x} ${enter.y}Q${corner.x} ${corner.y} ${leave.x} ${leave.y}`;
  }
  return `${path}L${corners.at(-1)!.x} ${corners.at(-1)!.y}`;
}

/** The point near a corner in the direction of another point. */
function towards(corner: Point, other: Point): Point {
  const distance = Math.abs(other.x - corner.x) + Math.abs(other.y - corner.y);
  const share = Math.min(CORNER, distance / 2) / distance;
  return { x: corner.x + share * (other.x - corner.x), y: corner.y + share * (other.y - corner.y) };
}

function boxText({ name, purpose, journey, files, left, right }: Box, top: number): string {
  const size = `${files} ${files === 1 ? 'file' : 'files'}`;
  return [
    `<g class="room ${journey}">`,
    `<rect x="${left}" y="${top}" width="${right - left}" height="${BOX_HEIGHT}" rx="6"/>`,
    `<text class="name" x="${left + 12}" y="${top + 22}">${name}</text>`,
    `<text class="size" x="${right - 12}" y="${top + 22}" text-anchor="end">${size}</text>`,
    `<text class="purpose" x="${left + 12}" y="${top + 42}">${purpose}</text>`,
    '</g>',
  ].join('');
}

/** The key, in the corner at the bottom right, where no box stands. */
function legend(bottom: number): string[] {
  const left = 640;
  const keys = [
    ['request', 'requests pass through this room'],
    ['export', 'exports pass through this room'],
    ['both', 'both pass through it, or neither'],
  ] as const;
  const notes = [
    'An arrow leads from a room to a room that it imports.',
    'None leads up: no room imports a room above it.',
    'The files outside the rooms, such as errors.ts, are left out.',
  ];
  const top = bottom - MARGIN - 22 * (keys.length + notes.length);
  return [
    ...keys.map(([journey, text], i) => {
      const y = top + 22 * i;
      const box = `<rect x="${left}" y="${y}" width="22" height="14" rx="3"/>`;
      return `<g class="room ${journey}">${box}<text class="note" x="${left + 32}" y="${y + 12}">${text}</text></g>`;
    }),
    ...notes.map((note, i) => {
      const y = top + 22 * (keys.length + i) + 18;
      return `<text class="note" x="${left}" y="${y}">${note}</text>`;
    }),
  ];
}

/** The colours of GitHub's pages, in their light mode and in their dark mode. */
const STYLE = `
.paper { fill: #fff; stroke: #d1d9e0 }
text { fill: #1f2328 }
.name { font-weight: 600; font-size: 16px }
.purpose { font-size: 13.5px }
.size, .note { font-size: 12.5px; fill: #59636e }
.room rect { stroke-width: 1.5 }
.line { fill: none; stroke-width: 1.8 }
.request rect { fill: #ddf4ff }
.export rect { fill: #fff1e5 }
.both rect { fill: #f6f8fa }
.request rect, .line.request { stroke: #0969da }
.export rect, .line.export { stroke: #bc4c00 }
.both rect, .line.both { stroke: #6e7781 }
.arrow.request { fill: #0969da }
.arrow.export { fill: #bc4c00 }
.arrow.both { fill: #6e7781 }
@media (prefers-color-scheme: dark) {
  .paper { fill: #0d1117; stroke: #3d444d }
  text { fill: #f0f6fc }
  .size, .note { fill: #9198a1 }
  .request rect { fill: #0c2d6b }
  .export rect { fill: #4d1f00 }
  .both rect { fill: #212830 }
  .request rect, .line.request { stroke: #4493f8 }
  .export rect, .line.export { stroke: #db6d28 }
  .both rect, .line.both { stroke: #8b949e }
  .arrow.request { fill: #4493f8 }
  .arrow.export { fill: #db6d28 }
  .arrow.both { fill: #8b949e }
}
`;
