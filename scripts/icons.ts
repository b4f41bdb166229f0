// Makes every icon file from build/icon.svg into dist/icons: the app's for the packages, the tray's for its three states.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { icns, icnsSizes, ico, png } from './icons/formats.ts';
import { paint } from './icons/raster.ts';
import type { Frame, Picture } from './icons/raster.ts';
import { readDrawing } from './icons/svg.ts';
import type { Colour, Drawing, Shape } from './icons/svg.ts';

export const source = fileURLToPath(new URL('../build/icon.svg', import.meta.url));

/** macOS wants room around the tile, the others none. */
const whole: Frame = { x: 0, y: 0, side: 1024 };
const tileOnly: Frame = { x: 84, y: 84, side: 856 };
const glyphOnly: Frame = { x: 224, y: 210, side: 576 };

/**
 * A tray's state is a shape first, for menu bars without colour and eyes that do not tell these apart. Each colour reads on
 * light and on dark panels, at 3:1 or better.
 */
export const trayStates = {
  fine: { layers: ['tray', 'token'], colour: [13, 145, 135] },
  'needs-you': { layers: ['tray', 'call'], colour: [214, 90, 24] },
  paused: { layers: ['tray', 'bars'], colour: [128, 132, 138] },
} as const satisfies Record<string, { layers: readonly string[]; colour: Colour }>;

const black: Colour = [0, 0, 0];
const linuxSizes = [16, 24, 32, 48, 64, 128, 256, 512];
const windowsSizes = [16, 24, 32, 48, 64, 128, 256];

/**
 * Each file's name within dist/icons, and its bytes:
 * `app/<n>x<n>.png`, `icon.png`, `icon.ico`, `icon.icns`; for each state `tray-<state>.png` and `@2x` (Linux),
 * `tray-<state>.ico` (Windows), `tray-<state>Template.png` and `@2x` (macOS, which colours it itself).
 */
export function iconFiles(svg: string): Map<string, Buffer> {
  const drawing = readDrawing(svg);
  const app = (frame: Frame) => (size: number) => paint(shapesOf(drawing, drawing.shown), frame, size);
  const files = new Map<string, Buffer>();
  for (const size of linuxSizes) files.set(`app/${size}x${size}.png`, png(app(tileOnly)(size)));
  files.set('icon.png', png(app(tileOnly)(256)));
  files.set('icon.ico', ico(windowsSizes.map(app(tileOnly))));
  files.set('icon.icns', icns(icnsSizes.map(app(whole))));

  for (const [state, { layers, colour }] of Object.entries(trayStates)) {
    const tray = (ink: Colour) => (size: number) => paint(inked(shapesOf(drawing, layers), ink), glyphOnly, size);
    const twice = (name: string, size: number, draw: (size: number) => Picture) => {
      files.set(`${name}.png`, png(draw(size)));
      files.set(`${name}@2x.png`, png(draw(size * 2)));
    };
    twice(`tray-${state}`, 24, tray(colour));
    twice(`tray-${state}Template`, 18, tray(black));
    files.set(`tray-${state}.ico`, ico([16, 20, 24, 32, 48].map(tray(colour))));
  }
  return files;
}

function shapesOf(drawing: Drawing, layers: readonly string[]): Shape[] {
  return layers.flatMap((name) => {
    const layer = drawing.layers.get(name);
    if (layer === undefined) throw new Error(`build/icon.svg has no layer ${name}`);
    return [...layer];
  });
}

function inked(shapes: readonly Shape[], colour: Colour): Shape[] {
  return shapes.map(({ outlines }) => ({ outlines, paint: colour }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL('../dist/icons', import.meta.url));
  rmSync(folder, { recursive: true, force: true });
  for (const [name, bytes] of iconFiles(readFileSync(source, 'utf8'))) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
}
