// Bounds that both sides must agree on, each with its unit and reason. Limits of one side only live
// in that side's package. A declaration that passes a bound is refused by defineGame; a frame that
// passes one is a ProtocolError.

/** Version of PROTOCOL.md that this code speaks. The first element a HELLO is judged by. */
export const PROTOCOL_VERSION = 1;

/**
 * Declared fields of one kind, state, input, event or command: a changed mask is one 32-bit word,
 * two bits of it ours.
 */
export const MAX_FIELDS = 30;

/** Kinds, events or commands of one game: an index always fits one MessagePack byte. */
export const MAX_DECLARED = 128;

/**
 * Highest game-visible entity id, exclusive. 2^32: a room that spawns 1,000 a second lives 49 days.
 */
export const MAX_ENTITY_ID = 2 ** 32;
/** The largest: an id on the wire is one of 0 to this. */
export const ENTITY_LEVELS = MAX_ENTITY_ID - 1;

/**
 * Wire slots of one seat: more entities than this at once in one known set are a mistake, not a
 * game.
 */
export const MAX_SLOTS = 65_536;

/** Seats of one room, spectators included: a seat number fits two bytes and 0 means "nobody". */
export const MAX_SEATS = 65_535;

/** Elements of one `list` or `map`. Each costs a stamp on the server and a check on reading. */
export const MAX_ELEMENTS = 4_096;

/** Characters of one `text`: state is for what changes in play; longer texts belong to HTTP. */
export const MAX_TEXT_CHARS = 4_096;

/** Bytes of one `packed` value. The same bound as a text's. */
export const MAX_PACKED_BYTES = 16_384;

/** Levels of nesting of list, map and record in one field: deep trees want to be entities. */
export const MAX_NESTING = 4;

/**
 * Bytes of a HELLO (DESIGN 13.5): a JWT with room to spare; the largest thing an unknown peer may
 * send.
 */
export const MAX_HELLO_BYTES = 4_096;

/** Characters of an address in MOVED: a host name is 253 at most, ours are far shorter. */
export const MAX_ADDRESS_CHARS = 256;

/** Characters of a ticket: a room, a user in escaped UTF-8 and a nonce stay far below. */
export const MAX_TICKET_CHARS = 2_560;

/**
 * Ticks of input in one INPUT frame: two seconds at 60 Hz, what a stall may release in one burst.
 */
export const MAX_INPUT_TICKS = 128;

/**
 * Answers of one packed body: so many, and so many more for each of its bytes and for each entity
 * that its reader may ask about because it holds it. Odds may make an answer all but free, and a
 * reader's time is spent by the answer. Bodies of games have up to 14 for a byte, and a short body
 * more (bench `wire`): a writer hardly ever has to fill one up.
 */
export const BODY_ANSWERS = 1024;
export const ANSWERS_PER_BYTE = 16;

/** Highest tick: 2^32 ticks are two years at 60 Hz. */
export const MAX_TICK = 2 ** 32 - 1;

/**
 * Ticks from one STATE to the next that does not hold everything: so many times a rate, of up to
 * 2^39 sub-steps, is an integer that float64 holds exactly. Four minutes at 60 Hz, far beyond a
 * slow seat's end; one that waits longer is told everything.
 */
export const MAX_STEP_TICKS = 2 ** 14;

/**
 * Bytes of a STATE a client accepts: 65,536 slots would pass it; a room that needs more has no
 * interest declared.
 */
export const MAX_STATE_BYTES = 8 * 1024 * 1024;
