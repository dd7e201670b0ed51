// Contexts of a track that moves by a velocity: where each question begins, from the track's first
// (track-odds.ts). Imported as `* as ByVelocity`, for the reason that body-context.ts gives.

export const Departs = 0;
export const Down = 64;
export const Still = 78;
export const Steps = 81;
export const Mantissa = 101;
export const Rests = 109;
export const Place = 110;
export const Bias = 126;
export const Size = 190;
