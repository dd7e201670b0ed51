// From ticks to figures: bytes of whole WebSocket messages, the same with the headers below them,
// and median times. One place, so that every row of `wire` counts alike.
import { round } from './figures.ts';
import type { TickCost } from './wire-run.ts';

/** A TLS 1.3 record around each message: 5 B of header, 1 B of type, 16 B of tag. */
export const TLS_BYTES = 22;
/** IPv4 (20 B) and TCP with timestamps (32 B) around each segment. */
export const TCP_IP_BYTES = 52;
/** What a segment carries of an Ethernet frame of 1,500 B. */
export const SEGMENT_BYTES = 1448;

export interface Costs {
  /** Whole WebSocket messages: payload and the frame's header; TABLES are in. */
  readonly bytesPerTick: number;
  readonly bytesPerEntityTick: number;
  readonly payloadBytesPerTick: number;
  readonly tablesBytesPerTick: number;
  /** Bytes per tick with a TLS record for each message and TCP/IP for each segment. */
  readonly withHeaders: number;
  readonly encodeUs: number;
  readonly decodeUs: number;
}

/** Header of a WebSocket frame from a server (RFC 6455, 5.2). */
export function frameHeaderBytes(length: number): number {
  if (length < 126) return 2;
  return length < 65_536 ? 4 : 10;
}

/** Header of one from a client: it has a mask of four bytes. */
export function maskedHeaderBytes(length: number): number {
  return frameHeaderBytes(length) + 4;
}

/** What stands below a message of `bytes` on the line, if it travels alone. */
export function lineBytes(bytes: number): number {
  return bytes + TLS_BYTES + Math.ceil((bytes + TLS_BYTES) / SEGMENT_BYTES) * TCP_IP_BYTES;
}

export function costsOf(ticks: readonly TickCost[], entities: number): Costs {
  let payload = 0;
  let framed = 0;
  let line = 0;
  let tables = 0;
  for (const { messages, tablesBytes } of ticks) {
    tables += tablesBytes;
    for (const length of messages) {
      const whole = length + frameHeaderBytes(length);
      payload += length;
      framed += whole;
      line += lineBytes(whole);
    }
  }
  const perTick = (sum: number) => round(sum / ticks.length, 2);
  return {
    bytesPerTick: perTick(framed),
    bytesPerEntityTick: round(framed / ticks.length / entities, 4),
    payloadBytesPerTick: perTick(payload),
    tablesBytesPerTick: perTick(tables),
    withHeaders: perTick(line),
    encodeUs: median(ticks.map(({ encodeUs }) => encodeUs)),
    decodeUs: median(ticks.map(({ decodeUs }) => decodeUs)),
  };
}

export function median(samples: readonly number[]): number {
  return round([...samples].sort((a, b) => a - b)[samples.length >> 1], 1);
}
