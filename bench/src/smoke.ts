export function judge(): Promise<object> {
  return Promise.resolve({});
}
