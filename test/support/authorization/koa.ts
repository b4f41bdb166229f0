// The middleware types of the provider's own application, taken from the provider so that koa itself stays its business.
import type { Provider } from 'oidc-provider';

export type Middleware = Parameters<Provider['use']>[0];
export type Context = Parameters<Middleware>[0];
