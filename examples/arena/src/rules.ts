// The numbers of the game, each with the reason it has that value. Read by the declaration, the
// movement step, the server's combat and the page, so that no two of them can disagree. Distances
// are world units (one unit is one pixel at zoom 1), times are ticks unless the name says
// otherwise.

/**
 * Ticks a second. 30: half the traffic of 60, and prediction hides the difference from the mover.
 */
export const TICK_RATE = 30;

/**
 * Side of the square arena. A ship crosses it in about 13 s: far enough to be alone, near enough to
 * meet.
 */
export const ARENA_SIZE = 4096;

/** Most players of one room, bots included. What the scoreboard and the minimap can still show. */
export const MAX_PLAYERS = 64;

/** Radius of a ship. Corridors of the layout are at least 5 ships wide. */
export const SHIP_RADIUS = 20;

/** Distance from a ship's centre to where its gun ends: clear of its own hull. */
export const MUZZLE = SHIP_RADIUS + 8;

/**
 * Acceleration in units/s². Top speed is ACCELERATION * (1 / DRAG - 1 / TICK_RATE) = 329 units/s.
 */
export const ACCELERATION = 3000;

/**
 * Share of the speed lost in a second, as a rate. 7: full stop in about a third of a second; feels
 * crisp, not icy.
 */
export const DRAG = 7;

/**
 * Speed a dash starts with, units/s. Three times the running speed: it covers about 120 units
 * before it is spent.
 */
export const DASH_SPEED = 960;

/** Ticks between two dashes: 1.6 s, so that a dash answers one rocket and not every one. */
export const DASH_WAIT = 48;

/** Ticks between two shots of the gun: 7.5 shots a second. */
export const GUN_WAIT = 4;

/** Damage of one hit. 13 hits, or 1.7 s of perfect aim, to destroy a ship. */
export const GUN_DAMAGE = 8;

/**
 * Reach of the gun. Less than VIEW_RADIUS: nobody is shot by someone who could not be on the
 * screen.
 */
export const GUN_RANGE = 900;

/**
 * Half width in radians of the gun's spread. Too small to see near by, enough to make far shots a
 * gamble.
 */
export const GUN_SPREAD = 0.018;

/** Ticks between two rockets: 1.3 s. */
export const ROCKET_WAIT = 39;

/**
 * Speed of a rocket, units/s. Twice a running ship: it can be seen coming and be stepped aside
 * from.
 */
export const ROCKET_SPEED = 640;

/** Ticks a rocket flies before it bursts on its own: 1.8 s, 1150 units. */
export const ROCKET_LIFE = 54;

/**
 * Radius within which a burst hurts, and what it does at its centre; falls off linearly to a
 * quarter.
 */
export const BURST_RADIUS = 120;
export const BURST_DAMAGE = 62;

/** Radius of a rocket against ships and walls. */
export const ROCKET_RADIUS = 7;

/** Hit points of a fresh ship. */
export const MAX_HP = 100;

/** Ticks from destruction to a new ship: 2.2 s, long enough to read who did it. */
export const RESPAWN_WAIT = 66;

/** Ticks a new ship can not be hurt (it ends early when it fires): 1.5 s. */
export const SHIELD_TIME = 45;

/**
 * Ticks without a hit after which a ship mends itself, and ticks for each hit point then: 5 s, then
 * 6 a second.
 */
export const CALM_WAIT = 150;
export const TICKS_PER_HP = 5;

/** Hit points in a repair kit, and ticks until a taken one is back: 12 s. */
export const REPAIR_HP = 45;
export const REPAIR_WAIT = 360;

/** Distance at which a kit is taken. */
export const REPAIR_REACH = 40;

/** Points for a kill, and the loss for destroying oneself. */
export const KILL_POINTS = 100;
export const SELF_LOSS = 50;

/**
 * Radius around a player inside which it is told of things. A 1280 x 720 view reaches 734; the rest
 * is margin.
 */
export const VIEW_RADIUS = 1100;

/** Cells along one side of the radar that everyone gets once a second: 64-unit cells. */
export const RADAR_CELLS = 64;

/** Ticks between two sweeps of the radar. */
export const RADAR_EVERY = 30;

/** Colours to choose from; the page has as many. */
export const HUES = 12;

/** Longest name and longest chat line, characters. */
export const NAME_LENGTH = 16;
export const CHAT_LENGTH = 120;
