// The one display that the stand-in has: full HD with a bar of 40 points at its foot.
export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

const display = {
  bounds: { x: 0, y: 0, width: 1920, height: 1080 },
  workArea: { x: 0, y: 0, width: 1920, height: 1040 },
};

export const screen = {
  getDisplayMatching: (_rect: Rectangle) => display,
};
