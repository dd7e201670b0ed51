// What channels between rooms are called: `name`, or `name.topic`, where the name says which
// handler of `hears` hears it and the topic, chosen while games run, which rooms do. Asked by
// define-room.ts, contacts.ts, radio.ts and room-state.ts.

/** Characters of a name, and of a topic. */
const MOST_CHARS = 64;
export const MAX_CHANNEL_CHARS = 2 * MOST_CHARS + 1;

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const CHANNEL = /^([A-Za-z0-9_-]{1,64})(\.[A-Za-z0-9_-]{1,64})?$/;

export const NAME_RULE = `1..${MOST_CHARS} letters, digits, _ or -`;

/** Of a handler in `hears`. */
export function isChannelName(text: string): boolean {
  return NAME.test(text);
}

/** Undefined for what is no channel. */
export function readChannel(
  text: string,
): { readonly name: string; readonly hasTopic: boolean } | undefined {
  const [, name, topic] = CHANNEL.exec(text) ?? [];
  return name === undefined ? undefined : { name, hasTopic: topic !== undefined };
}
