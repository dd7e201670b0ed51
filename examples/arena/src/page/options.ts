// What the page's address asks for. Used by people (?room= is an invite) and by tests (?lag=,
// ?line=wifi, ?bot=1). Also keeps the player's name between visits.

import type { ProfileName } from '@tickwire/protocol/simulator';
import { isProfile, type LineOptions } from './line.ts';

export interface PageOptions {
  name: string;
  /** Room id or kind of room. */
  room: string;
  /** What the line starts with: a name, or numbers. */
  line: ProfileName | LineOptions;
  /** Plays by itself. */
  bot: boolean;
  /** Never draws coarser, however slow it gets. For pictures. */
  sharp: boolean;
  spectate: boolean;
}

/** Kind of room for those who name none. */
export const PUBLIC_ROOM = 'field';

const NAME_KEY = 'tickwire-arena-name';

const ADJECTIVES = [
  'Swift',
  'Lucky',
  'Quiet',
  'Bold',
  'Neon',
  'Solar',
  'Cosmic',
  'Turbo',
  'Brave',
  'Sly',
];
const ANIMALS = [
  'Fox',
  'Otter',
  'Heron',
  'Lynx',
  'Moth',
  'Raven',
  'Gecko',
  'Wasp',
  'Shark',
  'Crow',
];

export function readOptions(search: string): PageOptions {
  const query = new URLSearchParams(search);
  const number = (key: string): number => Math.max(0, Number(query.get(key)) || 0);
  const line = query.get('line');
  const numbers = {
    lagMs: number('lag'),
    jitterMs: number('jitter'),
    lossPercent: number('loss'),
    stallMs: number('stall'),
    bandwidthKbps: number('bandwidth'),
  };
  return {
    name: query.get('name') || keptName() || guestName(),
    room: query.get('room') || PUBLIC_ROOM,
    line: isProfile(line) ? line : numbers,
    bot: query.get('bot') === '1',
    sharp: query.get('sharp') === '1',
    spectate: query.get('spectate') === '1',
  };
}

/**
 * A name for somebody who has not said one. Real chance: two guests should not meet as namesakes.
 */
function guestName(): string {
  const [a, b] = crypto.getRandomValues(new Uint32Array(2));
  return `${ADJECTIVES[a % ADJECTIVES.length]} ${ANIMALS[b % ANIMALS.length]}`;
}

function keptName(): string {
  try {
    return localStorage.getItem(NAME_KEY) ?? '';
  } catch {
    // Storage may be forbidden; then the name lives as long as the page.
    return '';
  }
}

export function keepName(name: string): void {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // See keptName.
  }
}
