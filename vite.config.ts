// How the renderer is built: one bundle for Electron's app:// and for the browser host, so every address is relative.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'renderer',
  base: './',
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    // Electron 45 and the browsers of its year.
    target: 'es2023',
    // The page's policy allows no data: addresses and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // What was bundled leaves no package behind to read its licence from.
    license: { fileName: 'licences.json' },
  },
});
