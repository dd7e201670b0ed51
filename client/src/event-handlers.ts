// What a page wants to be called at, by the events that its game declares. Filled through the
// client's `on`, called by session.ts when the shown time reaches an event's tick.
import { type Game, UsageError } from '@tickwire/protocol';

type Handler = (payload: never) => void;

export class EventHandlers {
  readonly #game: Game;
  readonly #byName = new Map<string, Set<Handler>>();

  constructor(game: Game) {
    this.#game = game;
  }

  /** Answers what ends it. Throws UsageError. */
  add(event: string, handler: Handler): () => void {
    if (!this.#game.events.some((plan) => plan.name === event))
      throw new UsageError(`on('${event}'): the game declares no such event`);
    const handlers = this.#byName.get(event) ?? new Set();
    this.#byName.set(event, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  /** `event`: its place in the declaration. */
  tell(event: number, payload: object): void {
    for (const handler of this.#byName.get(this.#game.events[event].name) ?? [])
      handler(payload as never);
  }
}
