// The cases of vectors.json in the order of PROTOCOL.md. A new one goes to the file of its subject.
import { FRAME_CASES } from './frame-cases.ts';
import { MOTION_CASES } from './motion-cases.ts';
import { SET_CASES } from './set-cases.ts';
import { VALUE_CASES } from './value-cases.ts';
import type { Case } from './vectors.ts';
import { VELOCITY_CASES } from './velocity-cases.ts';

export const CASES: readonly Case[] = [
  ...FRAME_CASES,
  ...SET_CASES,
  ...VALUE_CASES,
  ...VELOCITY_CASES,
  ...MOTION_CASES,
];
