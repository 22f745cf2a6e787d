export { AdTarget, type CallOptions, type Options } from "./client.js";
export * from "./errors.js";
export type * from "./models.js";
