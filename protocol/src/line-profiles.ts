// Lines by name, as players know them: how far, how steady, how lossy, how wide. Used through
// simulator.ts by tests, the bench's `lines` and the arena's sliders. Each number is of the whole
// round trip, or of each direction where it says so; profileLines() makes the two directions of it.
// Trap: loss is counted in messages and felt as TCP stalls, so it weighs by how often one sends.
import type { LineSettings } from './line-simulator.ts';

export interface LineProfile {
  /** Round trip, ms, and how far single ones lie from it at most, evenly spread. */
  readonly rttMs: number;
  readonly rttJitterMs: number;
  /** Messages lost, percent of each direction, and how many in a row, mean. */
  readonly lossPercent: number;
  readonly lossBurst: number;
  /** Stalls of each direction: length, and mean time between two, ms. 0 is none. */
  readonly stallMs: number;
  readonly stallEveryMs: number;
  /** Payload, kbit/s. 0 is unlimited. */
  readonly upKbps: number;
  readonly downKbps: number;
  /** What it stands for, and where the numbers are from. */
  readonly reason: string;
}

export type ProfileName = 'lan' | 'cable' | 'wifi' | '4g' | 'satellite' | 'train' | 'far';

export const LINE_PROFILES: Readonly<Record<ProfileName, LineProfile>> = {
  lan: {
    rttMs: 1,
    rttJitterMs: 0.5,
    lossPercent: 0,
    lossBurst: 1,
    stallMs: 0,
    stallEveryMs: 0,
    upKbps: 0,
    downKbps: 0,
    reason: 'a wired network of one house: below a millisecond through a switch, nothing is lost',
  },
  cable: {
    rttMs: 25,
    rttJitterMs: 6,
    lossPercent: 0.1,
    lossBurst: 2,
    stallMs: 0,
    stallEveryMs: 0,
    upKbps: 10_000,
    downKbps: 100_000,
    reason:
      'wired broadband to a server of the region: FCC Measuring Broadband America gives cable ' +
      'medians of 15 to 30 ms and 0.1 % loss; the uplink of a common plan',
  },
  wifi: {
    rttMs: 80,
    rttJitterMs: 20,
    lossPercent: 1,
    lossBurst: 3,
    stallMs: 0,
    stallEveryMs: 0,
    upKbps: 0,
    downKbps: 0,
    reason: 'a busy wireless network: the line that the loops are judged by, its numbers agreed on',
  },
  '4g': {
    rttMs: 70,
    rttJitterMs: 40,
    lossPercent: 0.3,
    lossBurst: 2,
    stallMs: 80,
    stallEveryMs: 15_000,
    upKbps: 5_000,
    downKbps: 20_000,
    reason:
      'LTE in town: measured medians are 40 to 60 ms to a near server, some 20 ms more to a ' +
      "game's; scheduling and HARQ retries of 8 ms each spread it; a handover to the next cell " +
      'interrupts for 30 to 80 ms',
  },
  satellite: {
    rttMs: 600,
    rttJitterMs: 30,
    lossPercent: 0.5,
    lossBurst: 3,
    stallMs: 0,
    stallEveryMs: 0,
    upKbps: 3_000,
    downKbps: 25_000,
    reason:
      'geostationary: light needs 477 ms up, down, up and down again, and the FCC measures some ' +
      '600 ms in all; uplink slots are shared, rain costs bursts',
  },
  train: {
    rttMs: 100,
    rttJitterMs: 60,
    lossPercent: 1,
    lossBurst: 5,
    stallMs: 400,
    stallEveryMs: 8_000,
    upKbps: 1_000,
    downKbps: 4_000,
    reason:
      'mobile at speed through the repeater of a carriage: a weak and shared cell, a handover ' +
      'every few seconds, many of which fail at first and take some 400 ms',
  },
  far: {
    rttMs: 300,
    rttJitterMs: 100,
    lossPercent: 0,
    lossBurst: 1,
    stallMs: 300,
    stallEveryMs: 3_000,
    upKbps: 0,
    downKbps: 0,
    reason:
      "150 +- 50 ms each way with stalls of 300 ms: another continent's mobile player, the line " +
      'of the play and rewind suites since the first issue',
  },
};

/**
 * Round trips that TCP takes to notice a loss, beside the time until the next message, and to send
 * again: a whole one for the report and the copy, a quarter of patience with reordering (RACK,
 * RFC 8985).
 */
const RECOVERY_ROUND_TRIPS = 1.25;

/**
 * The two directions of a profile, each a fresh object that may be changed. `upIntervalMs` and
 * `downIntervalMs`: time between two messages that way, ms; a loss shows only when the next one
 * has come.
 */
export function profileLines(
  profile: Omit<LineProfile, 'reason'>,
  upIntervalMs: number,
  downIntervalMs: number,
): { up: LineSettings; down: LineSettings } {
  return {
    up: lineOf(profile, profile.upKbps, upIntervalMs),
    down: lineOf(profile, profile.downKbps, downIntervalMs),
  };
}

function lineOf(
  profile: Omit<LineProfile, 'reason'>,
  bandwidthKbps: number,
  intervalMs: number,
): LineSettings {
  const { rttMs, rttJitterMs, lossPercent, lossBurst, stallMs, stallEveryMs } = profile;
  return {
    latencyMs: rttMs / 2,
    jitterMs: rttJitterMs / 2,
    stallMs,
    stallEveryMs,
    bandwidthKbps,
    lossPercent,
    lossBurst,
    recoveryMs: intervalMs + RECOVERY_ROUND_TRIPS * rttMs,
  };
}
