// How parties after the second are told apart on the map: the outline of a frame, and the lines in the air that is theirs.
//
// MIL-STD-2525 has frames for "friend", "neutral", "unknown" and "hostile". Further parties are none of these: each has
// a plain outline of its own about the same symbol.

const around = (corners, turn = 0) => Array.from({ length: corners }, (_, n) => {
  const angle = (2 * Math.PI * (n + turn)) / corners;
  return [Math.sin(angle), -Math.cos(angle)];
});

/** Corners by the name of the frame: 1 is as far from the middle as a frame reaches. */
export const OUTLINES = {
  hexagon: around(6, 0.5),
  house: [[0, -1.05], [0.92, -0.35], [0.92, 0.85], [-0.92, 0.85], [-0.92, -0.35]],
  octagon: around(8, 0.5),
  shield: [[-0.9, -0.85], [0.9, -0.85], [0.9, 0.3], [0, 1.05], [-0.9, 0.3]],
  ticket: [[-1, -0.8], [1, -0.8], [0.7, 0], [1, 0.8], [-1, 0.8], [-0.7, 0]],
  wedge: [[-0.6, -0.85], [0.6, -0.85], [1.05, 0.85], [-1.05, 0.85]],
};

const RISING = [[0, 1, 1, 0], [-1, 1, 0, 0], [1, 1, 2, 0]]; // its own line, and the corners of its neighbours'
const FALLING = RISING.map(([x, y, toX, toY]) => [x, 1 - y, toX, 1 - toY]);
const LEVEL = [[0, 0.5, 1, 0.5]];
const UPRIGHT = [[0.5, 0, 0.5, 1]];
const DOT = [[0.35, 0.5, 0.65, 0.5]];

/** The lines of the air of each frame in a tile of 1 by 1: from x, y to x, y. That of the others is plain. */
export const LINES = {
  neutral: RISING,
  hexagon: FALLING,
  house: LEVEL,
  octagon: UPRIGHT,
  shield: [...RISING, ...FALLING],
  ticket: DOT,
  wedge: [...LEVEL, ...UPRIGHT],
};

/** Dashes of a line in a chart, in pixels. */
export const DASHES = {
  neutral: [6, 3],
  hexagon: [2, 3],
  house: [12, 4],
  octagon: [10, 3, 2, 3],
  shield: [6, 3, 2, 3, 2, 3],
  ticket: [3, 7],
  wedge: [14, 3, 5, 3],
};
