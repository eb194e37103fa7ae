// Segments of a text, words or graphemes, by the platform's Intl.Segmenter.

/** UTF-16 units segmented at once. The platform's segmenter takes time quadratic in the length of its text. */
const CHUNK = 256;

/**
 * Marks the ends of a text's segments: an array [text.length + 1] that is 1 at their UTF-16 positions and 0 elsewhere.
 * A chunk may cut a segment short, so the segments in its last quarter are found again in the next chunk.
 */
export function segmentEnds(segmenter: Intl.Segmenter, text: string): Uint8Array {
  const ends = new Uint8Array(text.length + 1);
  let size = CHUNK;
  for (let start = 0; start < text.length; ) {
    const reliable = start + size < text.length ? size * 0.75 : size;
    let end = 0;
    for (const { index, segment } of segmenter.segment(text.slice(start, start + size))) {
      if (index + segment.length > reliable) break;
      end = index + segment.length;
      ends[start + end] = 1;
    }
    start += end;
    // A segment that is longer than the chunk needs a longer chunk.
    size = end > 0 ? CHUNK : size * 2;
  }
  return ends;
}
