// Every icon file is what a browser shows of the one drawing, and what its format's readers accept.
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { iconFiles, source, trayStates } from '../../scripts/icons.ts';
import { readDrawing } from '../../scripts/icons/svg.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';

const svg = readFileSync(source, 'utf8');
const files = iconFiles(svg);
const states = Object.keys(trayStates) as (keyof typeof trayStates)[];

function file(name: string): Buffer {
  const bytes = files.get(name);
  if (bytes === undefined) throw new Error(`no ${name}`);
  return bytes;
}

function pngSize(bytes: Buffer): number {
  expect(bytes.subarray(1, 4).toString('latin1')).toBe('PNG');
  expect(bytes.readUInt32BE(16)).toBe(bytes.readUInt32BE(20));
  return bytes.readUInt32BE(16);
}

/** The drawing as a browser is to show it: a square of it, some of its layers, perhaps in one colour. */
function variant(size: number, frame: string, layers: readonly string[], colour?: readonly number[]): string {
  return svg
    .replace(/viewBox="[^"]*" width="1024" height="1024"/u, `viewBox="${frame}" width="${size}" height="${size}"`)
    .replaceAll(
      /<g id="(\w[\w-]*)"[^>]*>/gu,
      (_, id: string) => `<g display="${layers.includes(id) ? 'inline' : 'none'}">`,
    )
    .replaceAll(/fill="#[0-9a-f]{6}"/gu, (fill) => (colour === undefined ? fill : `fill="rgb(${colour.join()})"`));
}

const chromium = chromiumPath();

describe.skipIf(chromium === null)('beside a browser', () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await launchChromium(chromium ?? '');
    page = await browser.newPage();
  });
  afterAll(async () => browser.close());

  /** The pixels of a picture as the browser decodes it, colour multiplied by alpha. */
  function pixels(type: string, bytes: Buffer): Promise<{ size: number; values: number[] }> {
    return page.evaluate(
      async (url) => {
        const image = new Image();
        image.src = url;
        await image.decode();
        const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
        const context = canvas.getContext('2d');
        if (context === null) throw new Error('no canvas');
        context.drawImage(image, 0, 0);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        const values = Array.from(data, (value, at) =>
          at % 4 === 3 ? value : (value * (data[at - (at % 4) + 3] ?? 0)) / 255,
        );
        return { size: canvas.width, values };
      },
      `data:${type};base64,${bytes.toString('base64')}`,
    );
  }

  async function distance(name: string, drawn: string): Promise<{ mean: number; far: number }> {
    const [ours, theirs] = [await pixels('image/png', file(name)), await pixels('image/svg+xml', Buffer.from(drawn))];
    expect(ours.size).toBe(theirs.size);
    const apart = ours.values.map((value, at) => Math.abs(value - (theirs.values[at] ?? 0)));
    return {
      mean: apart.reduce((sum, one) => sum + one, 0) / apart.length,
      far: apart.filter((one) => one > 32).length / apart.length,
    };
  }

  it.each([16, 64, 256])('the app icon of %i pixels is the drawing', async (size) => {
    const { mean, far } = await distance(
      `app/${size}x${size}.png`,
      variant(size, '84 84 856 856', ['tile', 'tray', 'token']),
    );
    // Browsers smooth edges more coarsely; a shape that is missing or elsewhere is far more than this.
    expect(mean).toBeLessThan(4);
    expect(far).toBeLessThan(0.005);
  });

  it.each(states)(
    'the tray picture for %s is its layers of the drawing, in colour and as a template',
    async (state) => {
      const { layers, colour } = trayStates[state];
      for (const [name, size, ink] of [
        [`tray-${state}`, 24, colour],
        [`tray-${state}@2x`, 48, colour],
        [`tray-${state}Template`, 18, [0, 0, 0]],
        [`tray-${state}Template@2x`, 36, [0, 0, 0]],
      ] as const) {
        const { mean, far } = await distance(`${name}.png`, variant(size, '224 210 576 576', layers, ink));
        expect(mean, name).toBeLessThan(3);
        expect(far, name).toBeLessThan(0.01);
      }
    },
  );

  it('a Windows icon shows the same as the PNG of its size', async () => {
    const icon = await pixels('image/x-icon', file('icon.ico'));
    expect(icon).toEqual(await pixels('image/png', file('app/256x256.png')));
    const tray = await pixels('image/x-icon', file('tray-fine.ico'));
    // 48 pixels, written as a bitmap.
    expect(tray).toEqual(await pixels('image/png', file('tray-fine@2x.png')));
  });
});

it('the tray has a picture for each state, at both densities, for each system', () => {
  for (const state of states) {
    expect(pngSize(file(`tray-${state}.png`)) * 2).toBe(pngSize(file(`tray-${state}@2x.png`)));
    expect(pngSize(file(`tray-${state}Template.png`)) * 2).toBe(pngSize(file(`tray-${state}Template@2x.png`)));
    expect(file(`tray-${state}.ico`).readUInt16LE(4)).toBe(5);
  }
  const shapes = states.map((state) => file(`tray-${state}Template.png`).toString('base64'));
  expect(new Set(shapes).size).toBe(states.length);
});

it('each tray colour stands out from light and from dark panels', () => {
  for (const state of states) {
    for (const panel of [
      [255, 255, 255],
      [32, 32, 32],
    ]) {
      expect(contrast(trayStates[state].colour, panel), state).toBeGreaterThanOrEqual(3);
    }
  }
});

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: readonly number[], other: readonly number[]): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = colour.map((value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

it('the macOS icon has a picture for every size, under the type that stands for it', () => {
  const bytes = file('icon.icns');
  expect(bytes.subarray(0, 4).toString('latin1')).toBe('icns');
  expect(bytes.readUInt32BE(4)).toBe(bytes.length);
  const found: Record<string, number> = {};
  for (let at = 8; at < bytes.length; at += bytes.readUInt32BE(at + 4)) {
    found[bytes.subarray(at, at + 4).toString('latin1')] = pngSize(bytes.subarray(at + 8));
  }
  expect(found).toEqual({ ic11: 32, ic12: 64, ic07: 128, ic13: 256, ic08: 256, ic14: 512, ic09: 512, ic10: 1024 });
});

it('is made alike each time', () => {
  expect(iconFiles(svg)).toEqual(files);
});

describe('a drawing that we would show otherwise than a browser is refused', () => {
  it.each([
    ['<g id="a"><text>Token</text></g>', /<text>/u],
    ['<g id="a"><rect x="0" y="0" width="9" height="9" rx="0" fill="#ffffff" stroke="#000000"/></g>', /stroke/u],
    ['<g id="a"><path d="m0 0 l9 9 z" fill="#ffffff"/></g>', /command m/u],
    ['<g id="a"><path d="M0 0 H9 V9 Z M2 2 H4 V4 Z" fill="#ffffff"/></g>', /evenodd/u],
    ['<g id="a"><circle cx="4" cy="4" r="4" fill="teal"/></g>', /teal/u],
    ['<g id="a"><circle cx="4" cy="4" r="4" fill="url(#none)"/></g>', /gradient none/u],
    ['<circle cx="4" cy="4" r="4" fill="#ffffff"/>', /outside of a layer/u],
  ])('%s', (drawing, why) => {
    expect(() => readDrawing(`<svg>${drawing}</svg>`)).toThrow(why);
  });
});
