import { RangeDecoder, PackedSink } from '@tickwire/protocol';
export function trace(sink: PackedSink) {
  const ops = Array.from(sink.bits.ops.subarray(0, sink.bits.length)); let at = 0;
  const orig = RangeDecoder.prototype.bit;
  (RangeDecoder.prototype as any).bit = function (c: number) { const b = orig.call(this, c); const want = ops[at++];
    if (want !== c*2+b) { console.log('DIVERGE at op', at-1, 'of', ops.length, 'asked ctx', c, 'bit', b, 'wrote ctx', want>>1, 'bit', want&1); throw new Error('diverge'); } return b; };
  return () => { (RangeDecoder.prototype as any).bit = orig; };
}
