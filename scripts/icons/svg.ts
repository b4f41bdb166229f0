// Reads the little of SVG that build/icon.svg is drawn with, layer by layer, and refuses the rest: what it gives is what a browser shows.

export type Point = readonly [x: number, y: number];
export type Colour = readonly [red: number, green: number, blue: number];

export interface Gradient {
  readonly from: Point;
  readonly to: Point;
  readonly start: Colour;
  readonly end: Colour;
}

export interface Shape {
  /** Closed outlines; a point is inside when it is inside an odd number of them. */
  readonly outlines: readonly (readonly Point[])[];
  readonly paint: Colour | Gradient;
}

export interface Drawing {
  readonly layers: ReadonlyMap<string, readonly Shape[]>;
  /** The layers that the drawing shows as it is, from the back to the front. */
  readonly shown: readonly string[];
}

type Attributes = ReadonlyMap<string, string>;

/** How far a quarter of a circle's control points stand off, in radii. */
const quarter = 0.5523;
/** Chords for a curve: at 1024 pixels nobody sees them. */
const chords = 48;

/** @throws Error naming what the drawing has and we cannot draw */
export function readDrawing(svg: string): Drawing {
  const layers = new Map<string, Shape[]>();
  const shown: string[] = [];
  const gradients = new Map<string, Gradient>();
  let layer: Shape[] | null = null;
  let gradient: { id: string; attributes: Attributes; stops: Colour[] } | null = null;

  for (const [, closing, name = '', rest = ''] of svg
    .replaceAll(/<!--.*?-->/gsu, '')
    .matchAll(/<(\/?)(\w+)([^>]*)>/gu)) {
    const attributes = readAttributes(rest);
    if (closing === '/') {
      if (name === 'g') layer = null;
      if (name === 'linearGradient' && gradient !== null) gradients.set(gradient.id, asGradient(gradient));
      continue;
    }
    switch (name) {
      case 'svg':
      case 'defs':
        break;
      case 'linearGradient':
        gradient = { id: text(attributes, 'id'), attributes, stops: [] };
        break;
      case 'stop':
        gradient?.stops.push(readColour(text(attributes, 'stop-color')));
        break;
      case 'g': {
        const id = text(attributes, 'id');
        layer = [];
        layers.set(id, layer);
        if (attributes.get('display') !== 'none') shown.push(id);
        break;
      }
      case 'rect':
      case 'circle':
      case 'path':
        if (layer === null) throw new Error(`<${name}> outside of a layer`);
        layer.push({ outlines: outlinesOf(name, attributes), paint: paintOf(attributes, gradients) });
        break;
      default:
        throw new Error(`<${name}> is not drawn here`);
    }
  }
  return { layers, shown };
}

function readAttributes(source: string): Attributes {
  return new Map(Array.from(source.matchAll(/([\w:-]+)="([^"]*)"/gu), ([, name = '', value = '']) => [name, value]));
}

function text(attributes: Attributes, name: string): string {
  const value = attributes.get(name);
  if (value === undefined) throw new Error(`an element lacks ${name}`);
  return value;
}

function number(attributes: Attributes, name: string): number {
  const value = Number(text(attributes, name));
  if (!Number.isFinite(value)) throw new Error(`${name} is no number`);
  return value;
}

function readColour(value: string): Colour {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/u.exec(value);
  if (hex === null) throw new Error(`the colour ${value} is not written as #rrggbb`);
  return [Number(`0x${hex[1]}`), Number(`0x${hex[2]}`), Number(`0x${hex[3]}`)];
}

function asGradient({ attributes, stops }: { attributes: Attributes; stops: readonly Colour[] }): Gradient {
  const [start, end, ...more] = stops;
  if (start === undefined || end === undefined || more.length > 0) throw new Error('a gradient has two stops here');
  if (attributes.get('gradientUnits') !== 'userSpaceOnUse') throw new Error('a gradient is in user space here');
  return {
    from: [number(attributes, 'x1'), number(attributes, 'y1')],
    to: [number(attributes, 'x2'), number(attributes, 'y2')],
    start,
    end,
  };
}

function paintOf(attributes: Attributes, gradients: ReadonlyMap<string, Gradient>): Colour | Gradient {
  for (const name of attributes.keys()) {
    if (/^(?:stroke|opacity|transform|style|class|clip-path|mask|filter)/u.test(name))
      throw new Error(`${name} is not drawn here`);
  }
  const fill = text(attributes, 'fill');
  const reference = /^url\(#(.+)\)$/u.exec(fill)?.[1];
  if (reference === undefined) return readColour(fill);
  const gradient = gradients.get(reference);
  if (gradient === undefined) throw new Error(`there is no gradient ${reference}`);
  return gradient;
}

function outlinesOf(name: 'rect' | 'circle' | 'path', attributes: Attributes): Point[][] {
  const of = (key: string) => number(attributes, key);
  if (name === 'rect') return [roundedRectangle(of('x'), of('y'), of('width'), of('height'), of('rx'))];
  if (name === 'circle') {
    const [x, y, r] = [of('cx'), of('cy'), of('r')];
    return [roundedRectangle(x - r, y - r, 2 * r, 2 * r, r)];
  }
  const outlines = readPath(text(attributes, 'd'));
  // One outline is filled alike by both rules; more only by the one that we follow.
  if (outlines.length > 1 && attributes.get('fill-rule') !== 'evenodd')
    throw new Error('a path of several outlines says fill-rule="evenodd"');
  return outlines;
}

function roundedRectangle(x: number, y: number, width: number, height: number, r: number): Point[] {
  const [right, bottom, off] = [x + width, y + height, r * (1 - quarter)];
  return [
    ...curve([x, y + r], [x, y + off], [x + off, y], [x + r, y]),
    ...curve([right - r, y], [right - off, y], [right, y + off], [right, y + r]),
    ...curve([right, bottom - r], [right, bottom - off], [right - off, bottom], [right - r, bottom]),
    ...curve([x + r, bottom], [x + off, bottom], [x, bottom - off], [x, bottom - r]),
  ];
}

/** Absolute M, L, H, V, C and Z. */
function readPath(d: string): Point[][] {
  const outlines: Point[][] = [];
  let outline: Point[] = [];
  for (const [, command = '', rest = ''] of d.matchAll(/([a-zA-Z])([^a-zA-Z]*)/gu)) {
    const [a = Number.NaN, b = Number.NaN, c = 0, e = 0, f = 0, g = 0] = rest
      .trim()
      .split(/[\s,]+/u)
      .map(Number);
    const [x, y] = outline.at(-1) ?? [0, 0];
    switch (command) {
      case 'M':
        outline = [[a, b]];
        outlines.push(outline);
        break;
      case 'L':
        outline.push([a, b]);
        break;
      case 'H':
        outline.push([a, y]);
        break;
      case 'V':
        outline.push([x, a]);
        break;
      case 'C':
        outline.push(...curve([x, y], [a, b], [c, e], [f, g]));
        break;
      case 'Z':
        break;
      default:
        throw new Error(`the path command ${command} is not drawn here`);
    }
  }
  if (outlines.flat(2).some((value) => !Number.isFinite(value))) throw new Error('a path lacks a number');
  return outlines;
}

function curve(from: Point, first: Point, second: Point, to: Point): Point[] {
  return Array.from({ length: chords + 1 }, (_, step) => {
    const t = step / chords;
    const at = (axis: 0 | 1) =>
      (1 - t) ** 3 * from[axis] +
      3 * (1 - t) ** 2 * t * first[axis] +
      3 * (1 - t) * t ** 2 * second[axis] +
      t ** 3 * to[axis];
    return [at(0), at(1)];
  });
}
