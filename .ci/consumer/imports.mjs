// Runs in a folder where only the packed packages are installed: each given export must load.
for (const door of process.argv.slice(2)) {
  const names = Object.keys(await import(door));
  if (names.length === 0) throw new Error(`${door} exports nothing`);
}
console.log(`Node ${process.version}: ${process.argv.length - 2} exports load`);
