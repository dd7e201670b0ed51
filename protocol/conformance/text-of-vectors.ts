// The text of vectors.json: every case played, one line for each frame and each step of a script,
// so that a change of the wire shows as the frames it changed. Used to write it and to check it.
import { PROTOCOL_VERSION } from '../src/index.ts';
import { CASES } from './cases.ts';
import { play } from './player.ts';
import type { Vector } from './vectors.ts';

const lines = (indent: string, all: readonly unknown[]) =>
  all.map((one) => `\n${indent}${JSON.stringify(one)}`).join(',');

function textOf({ name, game, hash, seat, script, frames }: Vector): string {
  const { steps, ...rest } = script;
  const declared = JSON.stringify(game);
  const head = `{"name":${JSON.stringify(name)},"seat":${seat},"hash":"${hash}",`;
  const played = `${JSON.stringify(rest).slice(0, -1)},"steps":[${lines('   ', steps)}]}`;
  const told = `"frames":[${lines('   ', frames)}]}`;
  return `${head}\n "game":${declared},\n "script":${played},\n ${told}`;
}

export function textOfVectors(): string {
  const cases = CASES.map((one) => textOf(play(one)));
  return `{"protocol":${PROTOCOL_VERSION},"cases":[\n${cases.join(',\n')}\n]}\n`;
}
