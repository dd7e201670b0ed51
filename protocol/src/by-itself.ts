// Contexts of a track that goes by itself: where each question begins, from the track's first
// (track-odds.ts). Imported as `* as ByItself`, for the reason that body-context.ts gives.

export const Departs = 0;
export const Down = 68;
export const Steps = 88;
export const Mantissa = 207;
export const Rests = 215;
export const Rate = 216;
export const Trust = 280;
export const Activity = 284;
export const Last = 292;
export const LastButOne = 300;
export const Size = 308;
