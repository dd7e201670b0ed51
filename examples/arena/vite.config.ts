// Builds the arena's page. The framework is read from its sources (`source`), so that no package
// must be built first.
import { defineConfig } from 'vite';

export default defineConfig({
  resolve: { conditions: ['source', 'module', 'browser', 'import', 'default'] },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { proxy: { '/rooms': 'http://localhost:9001', '/healthz': 'http://localhost:9001' } },
});
