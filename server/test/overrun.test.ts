// A directory that answers late, as players meet it: who is new is refused at once and told when to
// come again, who plays plays on, and all are let in once it answers soon. Frames alone, in virtual
// time.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryDirectory } from '../src/index.ts';
import { arcade } from './arcade.ts';
import { doorTo } from './directory-doors.ts';
import { RawPlayer, RESUME, TICKET } from './raw-player.ts';
import { EPOCH_MS, Stepper } from './stepper.ts';

/** The shard asks nothing by itself meanwhile: what it takes, the case says. */
const LEASE_MS = 600_000;
const HERE = 'http://a.example';

let stepper: Stepper;
/** Of each answer of the directory, ms. */
let tookMs: number;
let asked: string[];

beforeEach(async () => {
  [tookMs, asked] = [0, []];
  const directory = new MemoryDirectory({
    leaseMs: LEASE_MS,
    now: () => EPOCH_MS + (stepper?.nowMs ?? 0),
  });
  const door = doorTo(directory, async (name, ask, given) => {
    asked.push(name);
    if (tookMs > 0) await new Promise<void>((resolve) => stepper.later(tookMs, resolve));
    return ask(...given);
  });
  const rooms = { field: arcade({ seats: 30 }) };
  stepper = await Stepper.start({ rooms, serve: { directory: door, publicUrl: HERE } });
});
afterEach(() => {
  tookMs = 0;
  return stepper.close();
});

async function comes(...hello: Parameters<RawPlayer['hello']>): Promise<RawPlayer> {
  const player = new RawPlayer(stepper);
  player.hello(...hello);
  await stepper.advance(50);
  return player;
}

async function asks() {
  const request = { method: 'POST', path: '/rooms/field', body: '{}', remoteAddress: '127.0.0.1' };
  const { status, headers, body } = await stepper.until(stepper.transport.request(request));
  return { status, after: headers?.['retry-after'], ticket: JSON.parse(String(body)).ticket };
}

/** So many ms each, for so long: shards that do nothing ask as well. */
async function answersIn(ms: number, forMs: number): Promise<void> {
  const { shard } = stepper.server;
  tookMs = ms;
  const { placement } = stepper.server.seating;
  const [room] = shard.rooms.values();
  for (const endMs = stepper.nowMs + forMs; stepper.nowMs < endMs; ) {
    placement.free(room, 'nobody');
    await stepper.advance(Math.max(ms, 100));
  }
}

describe('{S54} a directory that answers late', () => {
  test('is asked for nobody who is new, and they are told when to come again', async () => {
    await comes();
    await answersIn(800, 8_000);
    asked = [];
    const refused = await comes();
    expect([refused.closed, refused.reason]).toEqual([
      1013,
      'the rooms cannot be looked up now; try again',
    ]);
    expect(await asks()).toEqual({ status: 503, after: '5', ticket: undefined });
    expect(asked).not.toContain('candidates');
    expect(stepper.server.edge.tally.refusals.get('directory-late')).toMatchObject({ count: 2 });
  });

  test('costs nobody who plays a seat, nor who has one promised', async () => {
    const ada = await comes();
    const { ticket } = await asks();
    await answersIn(800, 8_000);
    expect(ada.seated).toBe(true);
    ada.peer.cut();
    await stepper.advance(100);
    expect((await comes(RESUME, ada.key)).seated).toBe(true);
    const eve = await comes(TICKET, ticket, { room: stepper.room('field').id });
    await stepper.advance(1_000);
    expect(eve.seated).toBe(true);
  });

  test('is asked for who comes back from another server, as long as that is of use', async () => {
    await comes();
    const back = () => comes(RESUME, 'a key of another server', { room: 'field-elsewhere' });
    await answersIn(500, 8_000);
    asked = [];
    const early = await back();
    await stepper.advance(1_000);
    // It is nobody's room, and so this key is good nowhere.
    expect([asked.includes('room'), early.closed]).toEqual([true, 4009]);
    await answersIn(1_500, 15_000);
    asked = [];
    const late = await back();
    expect([asked.includes('room'), late.closed]).toEqual([false, 1013]);
  });

  test('is asked again for all once it answers soon', async () => {
    await comes();
    await answersIn(800, 8_000);
    expect((await asks()).status).toBe(503);
    await answersIn(0, 20_000);
    for (let i = 0; i < 5; i++) expect((await comes()).seated).toBe(true);
  });
});
