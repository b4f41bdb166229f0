// The popover opens beside the tray icon and is never off the screen, wherever the bar is.
import { assert, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { popoverPlace } from '../../main/desktop/popover-place.ts';

const size = { width: 360, height: 560 };
const screen = { x: 0, y: 0, width: 1920, height: 1080 };

describe('the popover’s place', () => {
  it('hangs below an icon in a bar at the top', () => {
    const place = popoverPlace({
      tray: { x: 1500, y: 0, width: 30, height: 24 },
      workArea: { ...screen, y: 24, height: 1056 },
      size,
    });
    expect(place).toEqual({ x: 1335, y: 30, ...size });
  });

  it('stands above an icon in a bar at the foot', () => {
    const place = popoverPlace({
      tray: { x: 1700, y: 1044, width: 24, height: 32 },
      workArea: { ...screen, height: 1040 },
      size,
    });
    // The bar's edge, not the icon's: the popover never covers the bar.
    expect(place).toEqual({ x: 1532, y: 1040 - 560 - 6, ...size });
  });

  it('stands beside an icon in a bar at the left or at the right', () => {
    const left = popoverPlace({
      tray: { x: 10, y: 900, width: 40, height: 40 },
      workArea: { ...screen, x: 60, width: 1860 },
      size,
    });
    expect(left).toEqual({ x: 66, y: 1080 - 560 - 6, ...size });
    const right = popoverPlace({
      tray: { x: 1870, y: 100, width: 40, height: 40 },
      workArea: { ...screen, width: 1860 },
      size,
    });
    expect(right).toEqual({ x: 1860 - 360 - 6, y: 6, ...size });
  });

  it('is unknown where the platform does not tell the icon’s place', () => {
    expect(popoverPlace({ tray: { x: 0, y: 0, width: 0, height: 0 }, workArea: screen, size })).toBeNull();
  });

  it('is smaller on a screen that is too small for it', () => {
    const place = popoverPlace({
      tray: { x: 100, y: 0, width: 20, height: 20 },
      workArea: { x: 0, y: 20, width: 300, height: 400 },
      size,
    });
    expect(place).toEqual({ x: 6, y: 26, width: 288, height: 388 });
  });

  it('is wholly on the screen, for any screen and any icon', () => {
    const box = record({
      x: integer({ min: -4000, max: 4000 }),
      y: integer({ min: -4000, max: 4000 }),
      width: integer({ min: 20, max: 4000 }),
      height: integer({ min: 20, max: 3000 }),
    });
    assert(
      property(box, box, (tray, workArea) => {
        const place = popoverPlace({ tray, workArea, size });
        expect(place).not.toBeNull();
        if (place === null) return;
        expect(place.width).toBeGreaterThan(0);
        expect(place.x).toBeGreaterThanOrEqual(workArea.x);
        expect(place.y).toBeGreaterThanOrEqual(workArea.y);
        expect(place.x + place.width).toBeLessThanOrEqual(workArea.x + workArea.width);
        expect(place.y + place.height).toBeLessThanOrEqual(workArea.y + workArea.height);
      }),
    );
  });
});
