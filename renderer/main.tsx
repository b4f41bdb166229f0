// The window's entry: finds the broker, starts the store, draws. Nothing else happens when it is loaded.
import { CSPProvider } from '@base-ui/react/csp-provider';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { connectBroker } from './client.ts';
import './design/tokens.css';
import './design/base.css';
import { ToastProvider } from './design/toast.tsx';
import { StoreProvider } from './store/context.tsx';
import { createStore } from './store/store.ts';

async function start(): Promise<void> {
  const root = document.getElementById('root');
  if (root === null) throw new Error('the page has no root');
  const store = createStore(await connectBroker());
  createRoot(root).render(
    <StrictMode>
      {/* The page's policy takes style sheets from its own origin only. */}
      <CSPProvider disableStyleElements>
        <StoreProvider store={store}>
          <ToastProvider>
            <App />
          </ToastProvider>
        </StoreProvider>
      </CSPProvider>
    </StrictMode>,
  );
}

void start();
