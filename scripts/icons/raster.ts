// Shapes to pixels, smooth at the edges: the same bytes on every machine, without a browser.
import type { Colour, Gradient, Point, Shape } from './svg.ts';

export interface Picture {
  /** Width and height in pixels. */
  readonly size: number;
  /** Red, green, blue, alpha; rows from the top. Colour is not multiplied by alpha. */
  readonly pixels: Uint8Array;
}

/** The square of the drawing that becomes the picture. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly side: number;
}

/** Sub-rows of a pixel row; along a row, coverage is exact. */
const subRows = 16;

export function paint(shapes: readonly Shape[], frame: Frame, size: number): Picture {
  const pixels = new Uint8Array(size * size * 4);
  const scale = size / frame.side;
  for (const shape of shapes) {
    const outlines = shape.outlines.map((outline) =>
      outline.map(([x, y]): Point => [(x - frame.x) * scale, (y - frame.y) * scale]),
    );
    const colourAt = colourOf(shape.paint, frame, scale);
    for (let row = 0; row < size; row += 1) {
      const covered = coverage(outlines, row, size);
      for (let column = 0; column < size; column += 1) {
        const alpha = Math.min(covered[column] ?? 0, 1);
        if (alpha > 0) lay(pixels, (row * size + column) * 4, colourAt(column + 0.5, row + 0.5), alpha);
      }
    }
  }
  return { size, pixels };
}

/** How much of each pixel of a row is inside, 0 to 1. */
function coverage(outlines: readonly (readonly Point[])[], row: number, size: number): Float64Array {
  const covered = new Float64Array(size);
  for (let sub = 0; sub < subRows; sub += 1) {
    const crossings = crossingsAt(outlines, row + (sub + 0.5) / subRows);
    for (let at = 0; at + 1 < crossings.length; at += 2) {
      const from = Math.max(crossings[at] ?? 0, 0);
      const to = Math.min(crossings[at + 1] ?? 0, size);
      for (let column = Math.floor(from); column < to; column += 1) {
        const inside = Math.min(to, column + 1) - Math.max(from, column);
        covered[column] = (covered[column] ?? 0) + inside / subRows;
      }
    }
  }
  return covered;
}

function crossingsAt(outlines: readonly (readonly Point[])[], y: number): number[] {
  const crossings: number[] = [];
  for (const outline of outlines) {
    let [x0, y0] = outline.at(-1) ?? [0, 0];
    for (const [x1, y1] of outline) {
      if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0));
      [x0, y0] = [x1, y1];
    }
  }
  return crossings.sort((a, b) => a - b);
}

function colourOf(fill: Colour | Gradient, frame: Frame, scale: number): (x: number, y: number) => Colour {
  if (!('from' in fill)) return () => fill;
  const { from, to, start, end } = fill;
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  return (x, y) => {
    const [userX, userY] = [x / scale + frame.x - from[0], y / scale + frame.y - from[1]];
    const t = Math.min(Math.max((userX * dx + userY * dy) / (dx * dx + dy * dy), 0), 1);
    const mix = (channel: 0 | 1 | 2) => start[channel] + (end[channel] - start[channel]) * t;
    return [mix(0), mix(1), mix(2)];
  };
}

/** Lays a colour over what is there. */
function lay(pixels: Uint8Array, at: number, colour: Colour, alpha: number): void {
  const under = (pixels[at + 3] ?? 0) / 255;
  const together = alpha + under * (1 - alpha);
  colour.forEach((value, channel) => {
    const below = pixels[at + channel] ?? 0;
    pixels[at + channel] = Math.round((value * alpha + below * under * (1 - alpha)) / together);
  });
  pixels[at + 3] = Math.round(together * 255);
}
