// How the preload is built: one CommonJS file, for a sandboxed preload can neither import nor be a module.
import { defineConfig } from 'vite';

export default defineConfig({
  publicDir: false,
  build: {
    outDir: 'dist/preload',
    // The contract's modules are built into the same folder.
    emptyOutDir: false,
    target: 'es2023',
    minify: false,
    sourcemap: false,
    lib: { entry: 'preload/index.ts', formats: ['cjs'], fileName: () => 'index.cjs' },
    rolldownOptions: { external: ['electron'] },
  },
});
