// Where the popover goes: beside the tray icon, on the side away from the screen's edge, and wholly on the screen.
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Surroundings {
  /** The tray icon's place; empty where the platform does not tell it. */
  readonly tray: Box;
  /** The part of that screen which no bar covers. */
  readonly workArea: Box;
  readonly size: { readonly width: number; readonly height: number };
}

const gap = 6;

/** The popover's place; null where the tray's own is unknown, so that there is nothing to be near to. */
export function popoverPlace({ tray, workArea, size }: Surroundings): Box | null {
  if (tray.width <= 0 || tray.height <= 0) return null;
  const width = Math.min(size.width, workArea.width - 2 * gap);
  const height = Math.min(size.height, workArea.height - 2 * gap);
  if (width <= 0 || height <= 0) return null;
  const middle = { x: tray.x + tray.width / 2, y: tray.y + tray.height / 2 };
  const right = workArea.x + workArea.width;
  const bottom = workArea.y + workArea.height;

  let x = middle.x - width / 2;
  let y = middle.y - height / 2;
  if (middle.x < workArea.x) x = tray.x + tray.width + gap;
  else if (middle.x > right) x = tray.x - width - gap;
  else y = middle.y < workArea.y + workArea.height / 2 ? tray.y + tray.height + gap : tray.y - height - gap;

  return {
    x: Math.round(between(workArea.x + gap, x, right - width - gap)),
    y: Math.round(between(workArea.y + gap, y, bottom - height - gap)),
    width,
    height,
  };
}

const between = (least: number, value: number, most: number): number => Math.max(least, Math.min(value, most));
