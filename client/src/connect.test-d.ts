// What a page may write, judged by the compiler: rows are those of the game and not to be written,
// and what the game did not declare is an error.

import {
  command,
  defineGame,
  type EntityId,
  entity,
  fixed,
  int,
  list,
  packed,
  text,
} from '@tickwire/protocol';
import * as v from 'valibot';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { connect, type GameClient } from './connect.ts';

const game = defineGame({
  tickRate: 20,
  state: { left: int(0, 9) },
  entities: {
    ship: {
      x: fixed(0, 9, 1),
      ammo: int(0, 9).ownerOnly(),
      heat: int(0, 9).serverOnly(),
      bag: list(int(0, 9), 4),
    },
    coin: { x: fixed(0, 9, 1) },
  },
  input: { dx: int(-1, 1) },
  events: { hit: { by: entity('ship'), n: int(0, 9) } },
  commands: {
    rename: command({ name: text(8) }).replies<{ ok: boolean }>(),
    wave: { n: int(0, 9) },
  },
});

declare const client: GameClient<typeof game>;

test('connect takes a sample of the declared input', () => {
  const url = 'ws://x';
  void (() => connect(game, { url, room: 'field', sample: () => ({ dx: 1 }) }));
  // @ts-expect-error no such control
  void (() => connect(game, { url, room: 'field', sample: () => ({ dy: 1 }) }));
  // @ts-expect-error wrong value
  void (() => connect(game, { url, room: 'field', sample: () => ({ dx: 'left' }) }));
  // @ts-expect-error a room is needed
  void (() => connect(game, { url }));
});

test('shown rows have the fields that are shown, and are not to be written', () => {
  const view = client.view();
  for (const ship of view.all('ship')) {
    expectTypeOf(ship.id).toEqualTypeOf<EntityId<'ship'>>();
    expectTypeOf(ship.ammo).toEqualTypeOf<number | undefined>();
    expectTypeOf(ship.bag).toEqualTypeOf<readonly number[]>();
    // @ts-expect-error shown rows are the server's
    ship.x = 1;
    // @ts-expect-error and so is what is in them
    ship.bag.push(1);
    // @ts-expect-error serverOnly fields do not exist here
    void ship.heat;
  }
  expectTypeOf(view.mine('ship')?.ammo).toEqualTypeOf<number | undefined>();
  expectTypeOf(view.mine('ship')!.ammo).toEqualTypeOf<number>();
  expectTypeOf(view.state.left).toEqualTypeOf<number>();
  // @ts-expect-error the state is the server's
  view.state.left = 1;
  // @ts-expect-error no such kind
  view.all('boat');
  const coin = view.mine('coin')!;
  // @ts-expect-error the id of another kind
  view.get('ship', coin.id);
  view.get('coin', coin.id);
});

test('events and calls are those of the game', () => {
  client.on('hit', ({ by, n }) => {
    expectTypeOf(by).toEqualTypeOf<EntityId<'ship'>>();
    expectTypeOf(n).toEqualTypeOf<number>();
  });
  // @ts-expect-error no such event
  void (() => client.on('miss', () => {}));
  expectTypeOf(client.call('rename', { name: 'x' })).toEqualTypeOf<Promise<{ ok: boolean }>>();
  expectTypeOf(client.call('wave', { n: 1 })).toEqualTypeOf<Promise<unknown>>();
  // @ts-expect-error no such command
  void (() => client.call('shout', {}));
  // @ts-expect-error wrong arguments
  void (() => client.call('rename', { name: 7 }));
  // @ts-expect-error arguments are missing
  void (() => client.call('rename', {}));
});

test('a command with a schema is called with what the schema takes', () => {
  const judged = defineGame({
    entities: {},
    commands: {
      zod: command({ it: packed(64, z.object({ a: z.number().default(1) })) }),
      valibot: { n: int(0, 9), it: packed(64, v.object({ a: v.optional(v.number(), 1) })) },
    },
  });
  const page = {} as GameClient<typeof judged>;
  void (() => page.call('zod', { it: {} }));
  void (() => page.call('valibot', { n: 1, it: { a: 2 } }));
  // @ts-expect-error another type
  void (() => page.call('zod', { it: { a: 'one' } }));
  // @ts-expect-error null is not taken by itself
  void (() => page.call('valibot', { n: 1, it: null }));
});
